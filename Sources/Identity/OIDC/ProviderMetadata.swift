/// What an issuer says about itself (OpenID Connect Discovery 1.0, section 3), as far as Postern uses it.
public struct ProviderMetadata: Sendable, Hashable {
    /// Where its key set is.
    public let keySet: IssuerURL
    /// Where a browser is sent to log in; nil when the issuer has none, or not at an acceptable URL.
    public let authorizationEndpoint: IssuerURL?
    /// Where a code is exchanged for tokens; nil when the issuer has none, or not at an acceptable URL.
    public let tokenEndpoint: IssuerURL?
    /// Scopes that a login may ask for; nil when the issuer does not say.
    public let scopes: [String]?
    /// Whether each of its answers to a login names it as `iss` (RFC 9207).
    public let namesItselfInAnswers: Bool

    /// Reads the discovery document of `issuer`.
    init(parsing document: [UInt8], of issuer: IssuerURL) throws(KeySetFetchError) {
        guard let members = try? JSONValue(parsing: document).object, let named = members["issuer"]?.string else {
            throw .discoveryMalformed
        }
        guard named.utf8.elementsEqual(issuer.text.utf8) else { throw .issuerMismatch }
        func url(_ name: String) -> IssuerURL? {
            guard let text = members[name]?.string, let url = try? IssuerURL(parsing: text, query: true) else {
                return nil
            }
            // What is in clear text on this machine does not vouch for an issuer elsewhere.
            return url.isSecure || !issuer.isSecure ? url : nil
        }
        guard let keySet = url("jwks_uri") else { throw .discoveryMalformed }
        self.keySet = keySet
        authorizationEndpoint = url("authorization_endpoint")
        tokenEndpoint = url("token_endpoint")
        scopes = members["scopes_supported"]?.array.map { $0.compactMap(\.string) }
        namesItselfInAnswers = members["authorization_response_iss_parameter_supported"] == .bool(true)
    }
}

/// Why an issuer's metadata or keys could not be fetched.
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
    private static let accept = [FetchRequest.Header("Accept", "application/json")]

    /// Fetches the discovery document.
    public func fetchMetadata(_ fetch: Fetch) throws(KeySetFetchError) -> ProviderMetadata {
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(FetchRequest(url: url.discovery, headers: Self.accept, maximumBytes: 65_536))
        } catch {
            throw .discovery(error)
        }
        guard document.status == 200 else { throw .discoveryStatus(document.status) }
        return try ProviderMetadata(parsing: document.body, of: url)
    }

    /// Fetches the discovery document, then the key set it names.
    public func fetchKeys(_ fetch: Fetch) throws(KeySetFetchError) -> VerificationKeySet {
        let metadata = try fetchMetadata(fetch)
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(FetchRequest(url: metadata.keySet.text, headers: Self.accept, maximumBytes: 262_144))
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
