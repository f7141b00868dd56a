/// Why an exchange with an upstream server did not come to its end.
public enum HTTPClientError: Error, Equatable {
    /// libcurl could not be initialised, or refused a setting; its code.
    case setup(code: UInt32)
    /// The server could not be reached: name, connection refused, unreachable.
    case unreachable(detail: String)
    /// Its certificate or the TLS handshake was refused.
    case tls(detail: String)
    /// A time limit was reached.
    case timedOut
    /// The connection broke; `afterHead` tells whether the answer had begun.
    case broken(detail: String, afterHead: Bool)
    /// The answer ended before its declared length, or was no HTTP.
    case truncated(detail: String)
    /// The answer's head or body is larger than allowed.
    case tooLarge(limit: Int)
    /// A field holds a byte that would end its line.
    case invalidField(name: String)
    /// The caller's `isCancelled` said so.
    case cancelled
    /// The caller's body source or sink refused to go on.
    case stopped
}
