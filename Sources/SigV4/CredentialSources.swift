import HTTPTypes

/// The headers that a claim is read from; each may come once.
struct CredentialHeaders {
    private(set) var authorization: String?
    private(set) var contentHash: String?
    private var amazonDate: String?
    private var date: String?
    private var securityToken: String?
    private var expressToken: String?

    init(_ fields: HTTPFields) throws(SignatureError) {
        for field in fields {
            switch field.name.canonicalName {
            case "authorization": try CredentialHeaders.set(&authorization, field)
            case "x-amz-content-sha256": try CredentialHeaders.set(&contentHash, field)
            case "x-amz-date": try CredentialHeaders.set(&amazonDate, field)
            case "date": try CredentialHeaders.set(&date, field)
            case "x-amz-security-token": try CredentialHeaders.set(&securityToken, field)
            case "x-amz-s3session-token": try CredentialHeaders.set(&expressToken, field)
            default: break
            }
        }
    }

    /// When the request was signed: X-Amz-Date, else Date in either of its forms.
    func time() throws(SignatureError) -> SigningTime {
        if let amazonDate {
            guard let time = SigningTime(parsing: amazonDate) else { throw .malformedDate }
            return time
        }
        guard let date, let time = SigningTime(parsing: date) ?? SigningTime(parsingHTTPDate: date) else {
            throw .malformedDate
        }
        return time
    }

    /// The session token; S3 Express sends its own in a header of its own.
    func sessionToken(for scope: CredentialScope) throws(SignatureError) -> String? {
        guard scope.service == "s3express" else { return securityToken }
        guard expressToken == nil || securityToken == nil else { throw .conflictingCredentials }
        return expressToken ?? securityToken
    }

    private static func set(_ value: inout String?, _ field: HTTPField) throws(SignatureError) {
        guard value == nil else { throw .duplicateHeader(field.name.canonicalName) }
        value = field.value
    }
}

/// The query parameters that a claim is read from; each may come once, spelled exactly as AWS spells it.
struct CredentialParameters {
    private(set) var algorithm: String?
    private(set) var credential: String?
    private(set) var date: String?
    private(set) var expires: String?
    private(set) var signedHeaders: String?
    private(set) var signature: String?
    private(set) var signatureParameter: RequestTarget.Parameter?
    private(set) var securityToken: String?
    private(set) var expressToken: String?
    private(set) var contentHash: String?
    private var hasAccessKeyID = false
    private var hasSignature = false

    /// The parameters, in lower case, that carry credentials and are never passed on.
    static let names: Set<String> = [
        "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature",
        "x-amz-security-token", "x-amz-s3session-token", "x-amz-content-sha256", "x-amz-region-set",
        "awsaccesskeyid",
    ]

    init(_ target: RequestTarget) throws(SignatureError) {
        for parameter in target.parameters {
            guard CredentialParameters.mayBeOurs(target.bytes[parameter.name]) else { continue }
            // What cannot be decoded cannot be told to be harmless.
            guard let name = target.name(of: parameter) else { throw .malformedTarget }
            switch name {
            case "X-Amz-Algorithm": try CredentialParameters.set(&algorithm, parameter, target)
            case "X-Amz-Credential": try CredentialParameters.set(&credential, parameter, target)
            case "X-Amz-Date": try CredentialParameters.set(&date, parameter, target)
            case "X-Amz-Expires": try CredentialParameters.set(&expires, parameter, target)
            case "X-Amz-SignedHeaders": try CredentialParameters.set(&signedHeaders, parameter, target)
            case "X-Amz-Signature":
                try CredentialParameters.set(&signature, parameter, target)
                signatureParameter = parameter
            case "X-Amz-Security-Token": try CredentialParameters.set(&securityToken, parameter, target)
            case "X-Amz-S3session-Token": try CredentialParameters.set(&expressToken, parameter, target)
            case "X-Amz-Content-Sha256", "X-Amz-Content-SHA256":
                try CredentialParameters.set(&contentHash, parameter, target)
            case "X-Amz-Region-Set": throw .signatureVersion4A
            case "AWSAccessKeyId": hasAccessKeyID = true
            case "Signature": hasSignature = true
            default:
                guard !CredentialParameters.names.contains(name.lowercased()) else {
                    throw .malformedPresignedURL("\(name) is not spelled as AWS spells it")
                }
            }
        }
    }

    /// Whether the query carries credentials of version 4.
    var isPresent: Bool {
        algorithm != nil || credential != nil || signature != nil || signedHeaders != nil || expires != nil
            || securityToken != nil || expressToken != nil
    }

    /// Whether the query carries credentials of version 2.
    var isSignatureVersion2: Bool { hasAccessKeyID && hasSignature }

    /// Whether an encoded name can mean one of the parameters: it is encoded, or begins like them.
    private static func mayBeOurs(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first else { return false }
        switch first | 0x20 {
        case UInt8(ascii: "x"), UInt8(ascii: "a"), UInt8(ascii: "s"): return true
        default: return name.contains(UInt8(ascii: "%"))
        }
    }

    private static func set(
        _ value: inout String?,
        _ parameter: RequestTarget.Parameter,
        _ target: RequestTarget
    ) throws(SignatureError) {
        guard value == nil else { throw .malformedPresignedURL("a parameter occurs twice") }
        guard let text = target.value(of: parameter) else { throw .malformedPresignedURL("a value is not encoded") }
        value = text
    }
}
