/// Why a request's input cannot be read strictly; the request is not forwarded.
public enum InputError: Error, Equatable, Sendable {
    /// The body is not of its format at this byte offset.
    case malformed(offset: Int)
    /// A key appears twice in one object, form or structure.
    case duplicate(String)
    /// A key differs from a known one in letter case only.
    case ambiguousName(String)
    /// The body goes on after its end.
    case trailingBytes(offset: Int)
    /// A text is not UTF-8.
    case invalidText
    /// Objects and lists nest deeper than `InputLimits.depth`.
    case tooDeep
    /// The body or its number of values is over a limit.
    case tooLarge
    /// The content type does not go with the operation's input.
    case contentType(String)
    /// The content encoding is neither identity nor gzip.
    case contentEncoding(String)
    /// The operation has no body, and the request has one.
    case unexpectedBody
    /// x-amz-copy-source does not name a bucket and a key.
    case copySource
    /// A member comes from two places that differ.
    case conflict(String)
}

/// Bounds of an input.
public enum InputLimits {
    /// Nested objects and lists.
    public static let depth = 64
    /// Bytes of a body once inflated.
    public static let size = 64 << 20
    /// Values of one input.
    public static let count = 1_000_000
}
