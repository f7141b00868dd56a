/// What is known about one answer before its body.
public struct MaskingContext: Sendable {
    /// `service.Operation` with botocore's directory name of the service, or empty.
    public var operation: String
    /// The answer's `Content-Type`.
    public var contentType: String?
    /// The answer's `Content-Encoding`.
    public var contentEncoding: String?
    /// The session's key for fingerprints.
    public var fingerprintKey: [UInt8]
    /// Whether the body is a user's object (S3), whatever its content type: replacements then keep the length.
    public var isOpaqueObject: Bool
    /// Whether the request asked for decryption (`WithDecryption` of Systems Manager).
    public var asksForDecryption: Bool

    /// The circumstances of one answer.
    public init(
        operation: String,
        contentType: String?,
        contentEncoding: String? = nil,
        fingerprintKey: [UInt8],
        isOpaqueObject: Bool = false,
        asksForDecryption: Bool = false
    ) {
        self.operation = operation
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.fingerprintKey = fingerprintKey
        self.isOpaqueObject = isOpaqueObject
        self.asksForDecryption = asksForDecryption
    }
}
