/// The ARN of an IAM role: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
public struct RoleARN: Sendable, Hashable {
    /// The ARN as it was written.
    public let text: String

    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-iso...`.
    public var partition: String { part(1) }
    /// Twelve digits.
    public var account: String { part(4) }
    /// The role's name without its path, 1 to 64 characters of IAM's set.
    public var name: String {
        let slash = text.utf8.lastIndex(of: UInt8(ascii: "/"))
        return slash.map { String(Substring(text.utf8[$0...].dropFirst())) } ?? ""
    }

    /// Reads a role ARN of at most 2,048 bytes, as STS limits it.
    ///
    /// - Throws: `IdentifierError.malformedRoleARN`.
    public init(parsing text: String) throws(IdentifierError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 2048, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformedRoleARN }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].elementsEqual("arn".utf8), parts[2].elementsEqual("iam".utf8),
            parts[3].isEmpty
        else { throw .malformedRoleARN }
        let partition = parts[1]
        guard partition.elementsEqual("aws".utf8) || (partition.starts(with: "aws-".utf8) && partition.count > 4),
            partition.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7A) || $0 == UInt8(ascii: "-") })
        else { throw .malformedRoleARN }
        let account = parts[4]
        guard account.count == 12, account.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { throw .malformedRoleARN }
        let path = parts[5]
        guard path.starts(with: "role/".utf8), let slash = path.lastIndex(of: UInt8(ascii: "/")) else {
            throw .malformedRoleARN
        }
        let name = path[(slash + 1)...]
        // "role/" ends in a slash, so that two in a row are an empty part of the path.
        guard (1...64).contains(name.count), name.allSatisfy(IAMCharacters.isNameCharacter),
            !zip(path, path.dropFirst()).contains(where: { $0 == UInt8(ascii: "/") && $1 == UInt8(ascii: "/") })
        else { throw .malformedRoleARN }
        self.text = text
    }

    /// Takes an ARN that was read before and sealed since.
    init(trusted text: String) {
        self.text = text
    }

    /// The ARN of a session in this role: `arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION`.
    public func assumedRole(session: RoleSessionName) -> String {
        "arn:\(partition):sts::\(account):assumed-role/\(name)/\(session.text)"
    }

    private func part(_ number: Int) -> String {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
        return parts.indices.contains(number) ? String(Substring(parts[number])) : ""
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

    /// Takes a name that was read before and sealed since.
    init(trusted text: String) {
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
