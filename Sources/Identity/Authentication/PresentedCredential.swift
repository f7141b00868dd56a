internal import OpenSSL

/// The parts of a request that say who is calling, as they came.
public struct CredentialRequest: Sendable {
    /// The raw request target.
    public var target: String
    /// The values of Authorization fields.
    public var authorization: [String]
    /// The values of X-Amz-Security-Token fields.
    public var securityToken: [String]
    /// The values of X-Postern-Role fields.
    public var role: [String]
    /// The values of X-Postern-Query fields.
    public var query: [String]
    /// The User-Agent field.
    public var userAgent: String

    /// Makes a request.
    public init(
        target: String,
        authorization: [String] = [],
        securityToken: [String] = [],
        role: [String] = [],
        query: [String] = [],
        userAgent: String = ""
    ) {
        self.target = target
        self.authorization = authorization
        self.securityToken = securityToken
        self.role = role
        self.query = query
        self.userAgent = userAgent
    }
}

/// The one credential that a request presents, read from its headers and query and not yet verified.
public enum PresentedCredential: Sendable, Hashable {
    /// None at all.
    case none
    /// A Signature Version 4 under an access key id, with its session token if there is one.
    case signature(accessKeyID: String, sessionToken: String?, isPresigned: Bool)
    /// A bearer token.
    case bearer(String)

    /// Reads the credential of a request; two of them, or one that is not exactly of its form, are refused.
    public init(reading request: CredentialRequest) throws(CredentialError) {
        let presigned = try PresignedParameters(target: request.target)
        guard request.authorization.count <= 1, request.securityToken.count <= 1 else { throw .twice }
        let token = request.securityToken.first
        guard let authorization = request.authorization.first else {
            guard let presigned else {
                guard token == nil else { throw .sessionTokenAlone }
                self = .none
                return
            }
            guard token == nil else { throw .twice }
            self = .signature(
                accessKeyID: presigned.accessKeyID,
                sessionToken: presigned.sessionToken,
                isPresigned: true
            )
            return
        }
        guard presigned == nil else { throw .twice }
        let text = authorization.utf8
        let scheme = Substring(text.prefix { $0 != UInt8(ascii: " ") })
        let rest = Substring(text.dropFirst(scheme.utf8.count).drop { $0 == UInt8(ascii: " ") })
        switch scheme.lowercased() {
        case "aws4-hmac-sha256":
            guard scheme == "AWS4-HMAC-SHA256" else { throw .authorizationMalformed }
            self = .signature(
                accessKeyID: try Self.accessKeyID(inAuthorization: rest),
                sessionToken: token,
                isPresigned: false
            )
        case "bearer":
            guard token == nil else { throw .twice }
            guard !rest.isEmpty, !rest.contains(" ") else { throw .authorizationMalformed }
            self = .bearer(String(rest))
        case "aws4-ecdsa-p256-sha256": throw .signatureVersion4A
        case "aws": throw .signatureVersion2
        default: throw .schemeUnknown
        }
    }

    /// What an assertion about this request is bound to; nil where no assertion can be.
    public var asserted: IdentityAssertion.Credential? {
        switch self {
        case .none: nil
        case .signature(let id, _, _): (try? AccessKeyID(parsing: id)).map { .accessKey($0) }
        case .bearer(let token): .bearer(SHA256.hash(Array(token.utf8)))
        }
    }

    private static func accessKeyID(inAuthorization parameters: Substring) throws(CredentialError) -> String {
        var credential: Substring?
        var hasHeaders = false
        var hasSignature = false
        for part in parameters.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let part = part.drop { $0 == UInt8(ascii: " ") }
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { throw .authorizationMalformed }
            let value = Substring(part[equals...].dropFirst())
            guard !value.isEmpty else { throw .authorizationMalformed }
            switch Substring(part[..<equals]) {
            case "Credential" where credential == nil: credential = value
            case "SignedHeaders" where !hasHeaders: hasHeaders = true
            case "Signature" where !hasSignature: hasSignature = true
            default: throw .authorizationMalformed
            }
        }
        guard hasHeaders, hasSignature, let credential, let id = accessKeyID(inScope: credential) else {
            throw .authorizationMalformed
        }
        return id
    }

    fileprivate static func accessKeyID(inScope credential: Substring) -> String? {
        let parts = credential.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 5, parts[4].elementsEqual("aws4_request".utf8), parts.allSatisfy({ !$0.isEmpty }),
            (1...128).contains(parts[0].count), parts[0].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        return String(Substring(parts[0]))
    }
}

/// What a presigned URL has in its query, names compared after decoding, as AWS does.
private struct PresignedParameters {
    let accessKeyID: String
    let sessionToken: String?

    private static let names: Set<String> = [
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature",
    ]

    /// Nil when the target is not presigned.
    init?(target: String) throws(CredentialError) {
        let bytes = Array(target.utf8)
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        var found: [String: String] = [:]
        var isVersion2 = false
        for piece in bytes[(mark + 1)...].split(separator: UInt8(ascii: "&")) {
            let end = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
            // Names and values of the service's own may be anything.
            guard let name = PercentEncoding.decode(piece[..<end], plusIsBlank: false) else { continue }
            if name == "AWSAccessKeyId" { isVersion2 = true }
            guard Self.names.contains(name) else { continue }
            guard let value = PercentEncoding.decode(piece[end...].dropFirst(), plusIsBlank: false) else {
                throw .presignedMalformed
            }
            guard found.updateValue(value, forKey: name) == nil else { throw .twice }
        }
        guard !found.isEmpty else {
            if isVersion2 { throw .signatureVersion2 }
            return nil
        }
        guard !isVersion2 else { throw .twice }
        switch found["X-Amz-Algorithm"] {
        case "AWS4-HMAC-SHA256": break
        case "AWS4-ECDSA-P256-SHA256": throw .signatureVersion4A
        default: throw .presignedMalformed
        }
        guard found["X-Amz-Signature"]?.isEmpty == false, let credential = found["X-Amz-Credential"],
            let id = PresentedCredential.accessKeyID(inScope: Substring(credential))
        else { throw .presignedMalformed }
        accessKeyID = id
        sessionToken = found["X-Amz-Security-Token"]
    }
}
