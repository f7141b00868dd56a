import CCurl
import HTTPTypes
import Locking

/// A blocking HTTP client on libcurl with a pool of handles, each with the connections it keeps alive.
///
/// A call takes a handle that last spoke to the same server, if there is one, so that TLS handshakes are rare.
public final class HTTPClient: Sendable {
    /// Limits and trust.
    public struct Settings: Sendable {
        /// A PEM file of certificate authorities to trust instead of the system's.
        public var caFile: String?
        /// Milliseconds until a connection must stand, TLS included.
        public var connectTimeout = 5_000
        /// Seconds without a byte in either direction after which the exchange is given up; Lambda may take 15 minutes.
        public var idleTimeout = 910
        /// Milliseconds for the whole exchange; 0 for no limit.
        public var totalTimeout = 0
        /// The most bytes of an answer's head.
        public var maxHeadBytes = 65_536
        /// The most handles kept for later.
        public var maxIdleHandles = 128

        /// The defaults that the fields state.
        public init() {}
    }

    private let settings: Settings
    private let idle = Lock<[Handle]>([])

    /// Makes a client; `setup` if libcurl cannot be initialised.
    public init(settings: Settings = Settings()) throws(HTTPClientError) {
        guard Self.isInitialised else { throw .setup(code: CURLE_FAILED_INIT.rawValue) }
        self.settings = settings
    }

    /// curl_global_init(3) once for the process, before any handle.
    private static let isInitialised = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Sends `request` with `body` and hands the answer to `sink` as it comes; returns when the answer is complete.
    ///
    /// Redirects are not followed, the body is not decoded. `isCancelled` is asked at least once a second.
    public func perform(
        _ request: OutboundRequest,
        body: OutboundBody = .none,
        into sink: ResponseSink,
        isCancelled: @escaping () -> Bool = { false }
    ) throws(HTTPClientError) {
        let handle = try take(for: request.destination)
        var failure: HTTPClientError?
        let transfer = Transfer(body: body, sink: sink, maxHeadBytes: settings.maxHeadBytes, isCancelled: isCancelled)
        do throws(HTTPClientError) {
            try handle.perform(request, transfer: transfer, settings: settings)
        } catch {
            failure = error
        }
        // A failed handle may hold a broken connection: it is not used again.
        guard let failure else { return give(handle) }
        throw failure
    }

    private func take(for destination: OutboundRequest.Destination) throws(HTTPClientError) -> Handle {
        let kept = idle.withLock { idle -> Handle? in
            guard let index = idle.lastIndex(where: { $0.destination == destination }) else { return nil }
            return idle.remove(at: index)
        }
        if let kept { return kept }
        return try Handle(destination: destination)
    }

    private func give(_ handle: Handle) {
        // The oldest goes, outside of the lock: closing a TLS connection takes time.
        let surplus = idle.withLock { idle -> Handle? in
            idle.append(handle)
            return idle.count > settings.maxIdleHandles ? idle.removeFirst() : nil
        }
        _ = surplus
    }
}
