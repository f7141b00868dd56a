/// A small document to fetch over HTTP: discovery, keys, credential endpoints.
public struct FetchRequest: Sendable, Hashable {
    /// `GET`, `PUT` or `POST`.
    public var method: String
    /// An absolute `http` or `https` URL; redirects are not followed.
    public var url: String
    /// Header fields in order.
    public var headers: [Header]
    /// The body; empty for none.
    public var body: [UInt8]
    /// The most bytes of body that are taken; one more is `FetchError.tooLarge`.
    public var maximumBytes: Int
    /// The most milliseconds for the whole exchange.
    public var timeoutMilliseconds: Int

    /// A header field.
    public struct Header: Sendable, Hashable {
        /// The field's name.
        public var name: String
        /// The field's value.
        public var value: String

        /// Makes a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Makes a request.
    public init(
        method: String = "GET",
        url: String,
        headers: [Header] = [],
        body: [UInt8] = [],
        maximumBytes: Int = 262_144,
        timeoutMilliseconds: Int = 5000
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.maximumBytes = maximumBytes
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

/// What a fetch brought, whatever its status.
public struct FetchedDocument: Sendable, Hashable {
    /// The HTTP status.
    public var status: Int
    /// The whole body.
    public var body: [UInt8]

    /// Makes a document.
    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why a fetch brought nothing.
public enum FetchError: Error, Sendable, Hashable {
    /// Not reached, or the exchange broke off.
    case unreachable
    /// The server's certificate is not one that is trusted, or TLS failed otherwise.
    case untrusted
    case timedOut
    case tooLarge
}

/// Performs one fetch, blocking the calling thread; programs plug the HTTP client in, tests a table.
public typealias Fetch = @Sendable (FetchRequest) throws(FetchError) -> FetchedDocument
