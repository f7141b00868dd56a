public import OpenSSL

/// A gateway access key id: `PSTN`, the four digits of the ring's key, and sixteen random Base32 digits.
///
/// 24 characters of `[A-Z2-7]`: inside what SDKs take (`[A-Z0-9]{16,128}`), and never like one of AWS's, whose ids
/// begin with `A`. It also names the session: in the audit, in CloudTrail, and for revocation.
public struct AccessKeyID: Sendable, Hashable {
    /// What every gateway access key id begins with.
    public static let prefix = "PSTN"
    /// The id.
    public let text: String

    /// Reads an id of this gateway's form.
    ///
    /// - Throws: `IdentifierError.malformedAccessKeyID`.
    public init(parsing text: some StringProtocol) throws(IdentifierError) {
        guard text.utf8.count == 24, text.hasPrefix(Self.prefix), text.utf8.allSatisfy(Base32.isDigit) else {
            throw .malformedAccessKeyID
        }
        self.text = String(text)
    }

    /// Takes an id that was read before and sealed since.
    init(trusted text: String) {
        self.text = text
    }

    /// Makes an id from 10 random bytes.
    init(keyID: String, random: [UInt8]) {
        text = Self.prefix + keyID + Base32.encode(random.prefix(10))
    }

    /// The id of the ring's key that made it.
    var keyID: Substring { text.dropFirst(4).prefix(4) }
}

extension AccessKeyID: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}

/// The name of a session: the gateway access key id, or for bearer tokens `PSTB` and the token's digest.
public struct SessionID: Sendable, Hashable {
    /// The name, 24 or 28 characters of `[A-Z2-7]`.
    public let text: String

    /// The session that goes by this access key id.
    public init(_ accessKeyID: AccessKeyID) {
        text = accessKeyID.text
    }

    /// The session of a bearer token, by the token's SHA-256: the first 15 bytes in Base32.
    public init(bearer digest: SHA256Digest) {
        text = "PSTB" + Base32.encode(digest.bytes.prefix(15))
    }

    /// Takes a name that was verified.
    init(trusted text: String) {
        self.text = text
    }
}

extension SessionID: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}
