public import OpenSSL

/// A credential of AWS's, with which the gateway signs what it forwards.
public struct AWSCredentials: Sendable, Equatable {
    /// The access key id.
    public let accessKeyID: String
    /// The secret access key.
    public let secretAccessKey: SecretBytes
    /// The session token of a temporary credential: as secret as the key.
    public let sessionToken: SecretBytes?
    /// When it ends; nil for a permanent one.
    public let expires: UnixTime?

    /// Makes a credential; nil when a part is empty or could not stand in a header.
    public init?(accessKeyID: String, secretAccessKey: String, sessionToken: String?, expires: UnixTime?) {
        guard (16...128).contains(accessKeyID.utf8.count), accessKeyID.utf8.allSatisfy(Self.isVisible),
            (1...1024).contains(secretAccessKey.utf8.count), secretAccessKey.utf8.allSatisfy(Self.isVisible)
        else { return nil }
        if let sessionToken {
            guard (1...16_384).contains(sessionToken.utf8.count), sessionToken.utf8.allSatisfy(Self.isVisible) else {
                return nil
            }
        }
        self.accessKeyID = accessKeyID
        self.secretAccessKey = SecretBytes(utf8: secretAccessKey)
        self.sessionToken = sessionToken.map { SecretBytes(utf8: $0) }
        self.expires = expires
    }

    /// Whether an error code of AWS's says that it has not taken the credential, for another one to be tried.
    ///
    /// AWS General Reference, "Common Errors"; Amazon S3 and EC2 API Reference, "Error codes": EC2 says `RequestExpired`.
    public static func isRefusal(code: String) -> Bool { refusals.contains(code) }

    private static let refusals: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken",
        "RequestExpired", "TokenRefreshRequired", "UnrecognizedClientException",
    ]

    private static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
}

extension AWSCredentials: CustomStringConvertible {
    /// The access key id alone.
    public var description: String { "AWSCredentials(\(accessKeyID))" }
}

/// Why there is no credential for AWS; never carries one.
public enum AWSCredentialsError: Error, Sendable, Hashable {
    /// The source is not set up here.
    case notConfigured
    /// Variables, or members of a file or answer, are missing or not as they must be; which source.
    case malformed(source: String)
    case file(path: String, FileError)
    case unknownProfile(String)
    /// Profiles lead to one another in a ring, or too deep.
    case profileLoop(String)
    /// The profile takes its credential in a way that this gateway does not serve (`credential_process`, `sso_...`).
    case unsupported(profile: String, setting: String)
    /// The credential endpoint is neither `https` nor one of the local addresses that may be asked in clear text.
    case endpointRefused
    case fetch(source: String, FetchError)
    /// The endpoint answered with this status.
    case status(source: String, Int)
    /// STS refused; its error code.
    case refused(code: String)
    /// The request to STS could not be signed.
    case signing
    /// What the identity would put into a session tag is longer than STS takes; which tag.
    case tagTooLong(String)
}
