/// The ARN of an IAM role: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
public struct RoleARN: Sendable, Hashable {
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-iso...`.
    public let partition: String
    /// Twelve digits.
    public let account: String
    /// The role's name without its path, 1 to 64 characters of IAM's set.
    public let name: String
    /// The ARN as it was written.
    public let text: String

    /// Reads a role ARN of at most 2,048 bytes, as STS limits it.
    ///
    /// - Throws: `IdentifierError.malformedRoleARN`.
    public init(parsing text: String) throws(IdentifierError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 2048, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformedRoleARN }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "iam", parts[3].isEmpty else { throw .malformedRoleARN }
        let partition = parts[1]
        guard partition == "aws" || (partition.hasPrefix("aws-") && partition.utf8.count > 4),
            partition.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7A) || $0 == UInt8(ascii: "-") })
        else { throw .malformedRoleARN }
        let account = parts[4]
        guard account.utf8.count == 12, account.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            throw .malformedRoleARN
        }
        let path = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        guard path.count >= 2, path[0] == "role", let name = path.last, path.dropFirst().allSatisfy({ !$0.isEmpty }),
            name.utf8.count <= 64, name.utf8.allSatisfy({ IAMCharacters.isNameCharacter($0) })
        else { throw .malformedRoleARN }
        self.partition = String(partition)
        self.account = String(account)
        self.name = String(name)
        self.text = text
    }

    /// The ARN of a session in this role: `arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION`.
    public func assumedRole(session: RoleSessionName) -> String {
        "arn:\(partition):sts::\(account):assumed-role/\(name)/\(session.text)"
    }
}

extension RoleARN: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}

/// A role session name as STS takes it: 2 to 64 characters of `[A-Za-z0-9_+=,.@-]`.
public struct RoleSessionName: Sendable, Hashable {
    /// The name.
    public let text: String

    /// Reads a session name.
    ///
    /// - Throws: `IdentifierError.malformedSessionName`.
    public init(parsing text: String) throws(IdentifierError) {
        guard (2...64).contains(text.utf8.count), text.utf8.allSatisfy({ IAMCharacters.isNameCharacter($0) }) else {
            throw .malformedSessionName
        }
        self.text = text
    }
}

extension RoleSessionName: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}

/// Why an identifier was refused.
public enum IdentifierError: Error, Sendable, Hashable {
    case malformedRoleARN, malformedSessionName, malformedAccessKeyID, malformedLabel
}

/// The character sets of IAM and STS.
enum IAMCharacters {
    /// `[A-Za-z0-9_+=,.@-]`: role names, role session names, source identities.
    static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "."),
            UInt8(ascii: "@"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
