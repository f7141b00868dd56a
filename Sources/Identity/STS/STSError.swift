/// A refusal of the STS front, worded as STS does.
public enum STSError: Error, Sendable, Hashable {
    /// The form cannot be read; what is wrong with it.
    case malformedForm(String)
    case missingAction
    /// Another action than `AssumeRoleWithWebIdentity` came without a signature.
    case otherAction
    case wrongVersion
    /// A parameter is missing or not as it must be; which, and how it must be.
    case invalidParameter(String)
    case token(TokenError)
    /// The role is not configured, or its trust condition does not match the principal.
    case notTrusted
    case session(SessionError)

    /// The error code that SDKs act on.
    public var code: String {
        switch self {
        case .malformedForm: "MalformedInput"
        case .missingAction: "MissingAction"
        case .otherAction: "MissingAuthenticationToken"
        case .wrongVersion: "NoSuchVersion"
        case .invalidParameter: "ValidationError"
        case .token(.expired): "ExpiredTokenException"
        // SDKs try again on this code alone.
        case .token(.issuerUnavailable): "IDPCommunicationError"
        case .token(.requiredClaim): "IDPRejectedClaim"
        case .token: "InvalidIdentityToken"
        case .notTrusted, .session(.revoked): "AccessDenied"
        case .session: "ServiceUnavailable"
        }
    }

    /// The HTTP status that belongs to the code.
    public var status: Int {
        switch self {
        case .otherAction, .token(.requiredClaim), .notTrusted, .session(.revoked): 403
        case .session: 503
        default: 400
        }
    }

    /// The name of the check that failed, for logs.
    public var check: String {
        switch self {
        case .malformedForm: "sts-form"
        case .missingAction, .otherAction: "sts-action"
        case .wrongVersion: "sts-version"
        case .invalidParameter: "sts-parameter"
        case .token(let error): error.rawValue
        case .notTrusted: "role-trust"
        case .session(let error): error.rawValue
        }
    }

    /// What an honest user reads.
    public var message: String {
        switch self {
        case .malformedForm(let what): "The request body is not an acceptable form: \(what)."
        case .missingAction: "The request must contain the parameter Action."
        case .otherAction:
            "This gateway answers only sts:AssumeRoleWithWebIdentity without a signature. Set AWS_ROLE_ARN and "
                + "AWS_WEB_IDENTITY_TOKEN_FILE, so that the SDK gets credentials of this gateway and signs with them."
        case .wrongVersion: "The Version of AssumeRoleWithWebIdentity must be 2011-06-15."
        case .invalidParameter(let what): what
        case .token(let error): error.message
        case .notTrusted:
            "Not authorized to perform sts:AssumeRoleWithWebIdentity: the role is not one of this gateway's, or its "
                + "trust condition does not match the token's claims."
        case .session(let error): error.message
        }
    }
}
