public import HTTPTypes

/// A request to an upstream server.
public struct OutboundRequest: Sendable {
    /// Where to connect, apart from what is said in the Host field.
    public struct Destination: Sendable, Equatable {
        /// `https`, or `http` for a server on this machine.
        public let scheme: String
        /// The host to connect to and, over TLS, to verify, without port.
        public let host: String
        /// The port.
        public let port: Int
        /// An address to connect to instead, `host:port`, while `host` stays the name that TLS verifies.
        public let connectTo: String?

        /// - Parameter connectTo: `host:port`, or nil for `host` itself.
        public init(scheme: String, host: String, port: Int, connectTo: String? = nil) {
            self.scheme = scheme
            self.host = host
            self.port = port
            self.connectTo = connectTo
        }
    }

    /// The server.
    public var destination: Destination
    /// The method.
    public var method: HTTPRequest.Method
    /// Path and query, sent byte for byte.
    public var target: String
    /// The Host field.
    public var host: String
    /// All other fields, in order; no Content-Length and no Transfer-Encoding.
    public var fields: HTTPFields

    /// Takes all parts as they are to be sent.
    public init(
        to destination: Destination,
        method: HTTPRequest.Method,
        target: String,
        host: String,
        fields: HTTPFields = HTTPFields()
    ) {
        self.destination = destination
        self.method = method
        self.target = target
        self.host = host
        self.fields = fields
    }
}

/// What a request carries.
public enum OutboundBody {
    /// No body, and no Content-Length.
    case none
    /// These bytes.
    case bytes([UInt8])
    /// A stream of `length` bytes; nil means HTTP's own chunking. The closure appends at most `limit` bytes to the buffer
    /// and returns how many, 0 at the end, nil to give the exchange up.
    case stream(length: Int64?, read: (_ limit: Int, _ buffer: inout [UInt8]) -> Int?)
}

/// The head of an answer.
public struct ResponseHead: Sendable {
    /// Three digits.
    public let status: Int
    /// The fields in wire order, names and values as received.
    public let fields: [(name: String, value: String)]

    /// The first value of a field, its name compared without case.
    public func first(_ name: String) -> String? {
        fields.first { $0.name.count == name.count && $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Where an answer goes; both closures return false to give the exchange up.
public struct ResponseSink {
    /// Called once with the head, never for 1xx.
    public let head: (ResponseHead) -> Bool
    /// Called for each piece of the body.
    public let body: (Span<UInt8>) -> Bool

    /// Takes both closures.
    public init(head: @escaping (ResponseHead) -> Bool, body: @escaping (Span<UInt8>) -> Bool) {
        self.head = head
        self.body = body
    }
}
