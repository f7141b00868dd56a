/// Why a request's credential was refused; the raw value names the check in answers, logs and the audit.
public enum CredentialError: String, Error, Sendable, Hashable, CaseIterable {
    case missing = "credential-missing"
    case twice = "credential-twice"
    case schemeUnknown = "authorization-scheme"
    case authorizationMalformed = "authorization-form"
    case presignedMalformed = "presigned-form"
    case signatureVersion2 = "signature-version-2"
    case signatureVersion4A = "signature-version-4a"
    case awsAccessKey = "access-key-of-aws"
    case accessKeyUnknown = "access-key-unknown"
    case sessionTokenMissing = "session-token-missing"
    case sessionTokenAlone = "session-token-alone"
    case queryLabel = "query-label"
    case roleMalformed = "role-form"
    case roleNotTrusted = "role-trust"
    case roleAmbiguous = "role-ambiguous"

    private static let setUp =
        "set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, and unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
        + "AWS_SESSION_TOKEN and AWS_PROFILE"

    /// What an honest user reads: what was checked and what to do, nothing about keys.
    public var message: String {
        switch self {
        case .missing:
            "The request carries no credential. To get this gateway's: \(Self.setUp). Over plain HTTPS: send "
                + "'Authorization: Bearer' with an OIDC token."
        case .twice: "The request carries a credential more than once; send exactly one."
        case .schemeUnknown: "The Authorization header must be AWS4-HMAC-SHA256 (Signature Version 4) or Bearer."
        case .authorizationMalformed:
            "The Authorization header must have Credential, SignedHeaders and Signature once each, and the credential "
                + "must be ACCESS_KEY_ID/DATE/REGION/SERVICE/aws4_request."
        case .presignedMalformed: "The presigned URL's credential cannot be read."
        case .signatureVersion2:
            "Signature Version 2 is not accepted: sign with Version 4 (for S3 in boto3 and the AWS CLI: "
                + "signature_version = s3v4)."
        case .signatureVersion4A:
            "Signature Version 4A is not accepted: sign for one region (multi-region access points are not served)."
        case .awsAccessKey:
            "This access key id is one of AWS's own; the gateway takes only credentials that it issued itself: "
                + "\(Self.setUp). An SDK that asks AWS's STS all the same needs AWS_ENDPOINT_URL_STS as well."
        case .accessKeyUnknown:
            "This access key id was not issued by this gateway. To get one that was: \(Self.setUp)."
        case .sessionTokenMissing:
            "The gateway's access key id came without its session token: set AWS_SESSION_TOKEN beside it, or better "
                + "let the SDK get credentials itself: \(Self.setUp)."
        case .sessionTokenAlone: "The request carries a session token and no signature."
        case .queryLabel:
            "X-Postern-Query must be there at most once, 1 to 128 characters of [A-Za-z0-9_.:/=+@,-]."
        case .roleMalformed: "X-Postern-Role must be there at most once and be the ARN of a role."
        case .roleNotTrusted:
            "The role is not one of this gateway's, or its trust condition does not match the token's claims."
        case .roleAmbiguous: "The token may use several roles: say which in X-Postern-Role."
        }
    }

    fileprivate var code: String {
        switch self {
        case .missing, .sessionTokenAlone: "MissingAuthenticationToken"
        case .twice, .schemeUnknown, .authorizationMalformed, .presignedMalformed, .signatureVersion2,
            .signatureVersion4A:
            "IncompleteSignature"
        case .awsAccessKey, .accessKeyUnknown, .sessionTokenMissing: "InvalidClientTokenId"
        case .queryLabel, .roleMalformed, .roleAmbiguous: "ValidationException"
        case .roleNotTrusted: "AccessDenied"
        }
    }
}

/// A refused request: which check failed, in all the forms that the answer and the audit need.
public enum Refusal: Error, Sendable, Hashable {
    case credential(CredentialError)
    case token(TokenError)
    case session(SessionError)

    /// The AWS error code; the worker turns it into what the request's protocol calls it.
    public var code: String {
        switch self {
        case .credential(let error): error.code
        case .token(.expired), .session(.expired): "ExpiredToken"
        case .token(.issuerUnavailable), .session(.revocationsUnknown), .session(.unavailable): "ServiceUnavailable"
        case .token: "InvalidIdentityToken"
        case .session(.accessKeyUnknown), .session(.tokenInvalid): "InvalidClientTokenId"
        case .session(.revoked), .session(.roleNotConfigured): "AccessDenied"
        }
    }

    /// The name of the check that failed.
    public var check: String {
        switch self {
        case .credential(let error): error.rawValue
        case .token(let error): error.rawValue
        case .session(let error): error.rawValue
        }
    }

    /// What an honest user reads.
    public var message: String {
        switch self {
        case .credential(let error): error.message
        case .token(let error): error.message
        case .session(let error): error.message
        }
    }

    /// The form that travels from postern-auth to the worker: `CODE:CHECK`.
    public var headerValue: String { "\(code):\(check)" }

    /// Reads `headerValue`; nil for any text that it never is.
    public init?(headerValue: String) {
        let check = headerValue.drop { $0 != ":" }.dropFirst()
        let name = String(check)
        let refusal: Refusal? =
            CredentialError(rawValue: name).map(Refusal.credential)
            ?? TokenError(rawValue: name).map(Refusal.token)
            ?? SessionError(rawValue: name).map(Refusal.session)
        guard let refusal, refusal.headerValue == headerValue else { return nil }
        self = refusal
    }
}
