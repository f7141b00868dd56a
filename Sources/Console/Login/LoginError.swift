import Identity

/// Why nobody was logged in.
enum LoginError: Error, Equatable {
    /// The provider's metadata or token endpoint could not be reached, or made no sense.
    case providerUnavailable
    /// No login of this browser is under way: it took too long, was finished before, or began elsewhere.
    case notBegun
    /// The answer names another issuer than the one that was asked (RFC 9207).
    case issuerMismatch
    /// The provider refused, with its error code.
    case refused(String)
    /// The answer has no code.
    case codeMissing
    /// The provider did not take the code; the HTTP status.
    case codeRefused(status: Int)
    /// The ID token was refused.
    case token(TokenError)
    /// The token is no ID token for this login: another type, nonce or authorised party.
    case otherToken
    /// The provider let the person in longer ago than was asked for.
    case authenticationTooOld
    /// OpenSSL failed, or the key ring has no active key.
    case cryptography

    /// What the person reads.
    var message: String {
        switch self {
        case .providerUnavailable: "The identity provider cannot be reached at the moment. Try again in a minute."
        case .notBegun: "This sign-in took too long, or was finished in another window."
        case .issuerMismatch: "The answer came from another identity provider than the one that was asked."
        case .refused("access_denied"): "The identity provider did not let you in."
        case .refused: "The identity provider refused the sign-in."
        case .codeMissing, .codeRefused: "The identity provider's answer could not be used."
        case .token(let error): error.message
        case .otherToken: "The identity provider's token does not belong to this sign-in."
        case .authenticationTooOld: "You signed in at the identity provider too long ago. Sign in there again."
        case .cryptography: "The sign-in could not be protected. Tell the operator of this gateway."
        }
    }

    /// The check's name in logs.
    var check: String {
        switch self {
        case .refused: "provider-refused"
        case .codeRefused(let status): "code-refused-\(status)"
        case .token(let error): error.rawValue
        default: "\(self)"
        }
    }
}
