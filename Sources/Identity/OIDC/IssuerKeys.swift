internal import Synchronization

/// One issuer with the keys known of it: shared by all threads, fetching on whichever thread `KeySetState` picks.
public final class IssuerKeys: Sendable {
    /// The issuer.
    public let issuer: IssuerSettings
    private let state: Mutex<KeySetState>
    private let fetch: Fetch
    private let clock: @Sendable () -> UnixTime

    /// Starts without keys.
    ///
    /// `clock` dates the end of a fetch, which may take seconds.
    public init(
        issuer: IssuerSettings,
        timing: KeySetState.Timing = KeySetState.Timing(),
        fetch: @escaping Fetch,
        clock: @escaping @Sendable () -> UnixTime = UnixTime.current
    ) {
        self.issuer = issuer
        self.fetch = fetch
        self.clock = clock
        state = Mutex(KeySetState(timing: timing))
    }

    /// Fetches keys if that is due; called about once a second by a background thread.
    ///
    /// Returns nil when nothing was due, otherwise why the fetch failed, if it did.
    @discardableResult
    public func refreshIfDue() -> Refresh? {
        state.withLock { $0.tick(clock()) } == .fetch ? performFetch() : nil
    }

    /// What came of a fetch.
    public enum Refresh: Sendable, Hashable {
        case refreshed
        case failed(KeySetFetchError)
    }

    /// Whether there are keys to believe.
    public var hasKeys: Bool {
        state.withLock { $0.keys(at: clock()) } != nil
    }

    /// Checks the signature, fetching the keys once more when none fits and the last such fetch is long enough ago.
    func verify(_ token: CompactJWS) throws(TokenError) {
        switch check(token) {
        case .success: return
        case .failure(.signatureInvalid) where token.keyID != nil: throw .signatureInvalid
        case .failure(let error):
            let action = state.withLock { $0.unknownKey(clock()) }
            guard action == .fetch else {
                throw state.withLock { $0.isFetching(at: clock()) } ? .issuerUnavailable : error
            }
            _ = performFetch()
            try check(token).get()
        }
    }

    private func check(_ token: CompactJWS) -> Result<Void, TokenError> {
        guard let keys = state.withLock({ $0.keys(at: clock()) }) else { return .failure(.issuerUnavailable) }
        let candidates = keys.candidates(id: token.keyID, algorithm: token.algorithm)
        guard !candidates.isEmpty else { return .failure(.keyUnknown) }
        return candidates.contains { token.isSigned(by: $0) } ? .success(()) : .failure(.signatureInvalid)
    }

    private func performFetch() -> Refresh {
        do throws(KeySetFetchError) {
            let keys = try issuer.fetchKeys(fetch)
            state.withLock { $0.fetched(keys, clock()) }
            return .refreshed
        } catch {
            state.withLock { $0.failed(clock()) }
            return .failed(error)
        }
    }
}

/// Why an issuer's keys could not be fetched.
public enum KeySetFetchError: Error, Sendable, Hashable {
    case discovery(FetchError), keys(FetchError)
    case discoveryStatus(Int), keysStatus(Int)
    /// The discovery document is not one, or names no key set at an acceptable URL.
    case discoveryMalformed
    /// The discovery document speaks of another issuer.
    case issuerMismatch
    /// The key set is not one, or has no usable key.
    case keysMalformed
}

extension IssuerSettings {
    /// Reads the discovery document, then the key set it names (OpenID Connect Discovery 1.0, section 4).
    public func fetchKeys(_ fetch: Fetch) throws(KeySetFetchError) -> VerificationKeySet {
        let accept = [FetchRequest.Header("Accept", "application/json")]
        let metadata: FetchedDocument
        do throws(FetchError) {
            metadata = try fetch(FetchRequest(url: url.discovery, headers: accept, maximumBytes: 65_536))
        } catch {
            throw .discovery(error)
        }
        guard metadata.status == 200 else { throw .discoveryStatus(metadata.status) }
        guard let members = try? JSONValue(parsing: metadata.body).object, let named = members["issuer"]?.string,
            let location = members["jwks_uri"]?.string, let keysURL = try? IssuerURL(parsing: location, query: true)
        else { throw .discoveryMalformed }
        guard named.utf8.elementsEqual(url.text.utf8) else { throw .issuerMismatch }
        // A key set in clear text on this machine does not vouch for an issuer elsewhere.
        guard keysURL.isSecure || !url.isSecure else { throw .discoveryMalformed }
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(FetchRequest(url: keysURL.text, headers: accept, maximumBytes: 262_144))
        } catch {
            throw .keys(error)
        }
        guard document.status == 200 else { throw .keysStatus(document.status) }
        do throws(TokenError) {
            return try VerificationKeySet(parsing: document.body)
        } catch {
            throw .keysMalformed
        }
    }
}
