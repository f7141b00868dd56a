/// The name of a condition key, such as `aws:SourceIp`, `oidc:groups` or `request:Parameter.Name`.
///
/// Names are compared without regard to case, as in IAM, but for the names of claims (`oidc:`) and of input members
/// (`request:`), which mean nothing in another case.
public struct ConditionKey: Sendable, Hashable, CustomStringConvertible {
    /// What is looked up: the name in lower case, claims and members as they are.
    public let name: String
    /// The name as the policy spells it.
    public let spelling: String

    /// Reads `prefix:name`; nil when it has no prefix or holds characters that no key has.
    public init?(_ text: String) {
        guard text.utf8.count <= 512, let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let prefix = text.utf8[..<colon]
        guard !prefix.isEmpty, prefix.allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }) else {
            return nil
        }
        let rest = text.utf8[colon...].dropFirst()
        guard !rest.isEmpty, rest.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !Array("${}*?\"'".utf8).contains($0) }) else {
            return nil
        }
        let lowerPrefix = String(text[..<colon]).lowercased()
        name = ["oidc", "request"].contains(lowerPrefix) ? lowerPrefix + text[colon...] : text.lowercased()
        spelling = text
    }

    /// What stands before the first colon, in lower case.
    public var prefix: Substring { name.prefix { $0 != ":" } }

    /// What stands after the first colon, as the policy spells it.
    public var suffix: Substring { spelling.drop { $0 != ":" }.dropFirst() }

    /// The name as the policy spells it.
    public var description: String { spelling }

    /// Equal when the names are, however they are spelled.
    public static func == (first: Self, second: Self) -> Bool { first.name == second.name }

    /// Hashes the name alone.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension ConditionKey {
    /// What the values of a key are.
    enum Kind {
        case text, address, date, number, boolean, arn, epoch
    }

    /// `postern:AccessLevel`, from the classification of each action.
    static let accessLevel = "postern:accesslevel"
    /// `postern:Risk`, from the classification of each action.
    static let risk = "postern:risk"

    /// Levels that `postern:AccessLevel` can have.
    public static let accessLevels = ["List", "Read", "Write", "Tagging", "Permissions management"]
    /// Tags that `postern:Risk` can have.
    public static let risks = [
        "credentials-exposure", "privilege-escalation", "resource-exposure", "data-exfiltration",
    ]

    /// Postern's own keys, as documented.
    static let own = [
        "postern:AccessLevel", "postern:Risk", "postern:Role", "postern:SessionName", "postern:Query", "postern:App",
        "postern:Presigned",
    ]

    /// AWS's global keys that Postern can tell for a call.
    static let suppliedGlobals = [
        "aws:CurrentTime", "aws:EpochTime", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:RequestedRegion",
        "aws:SecureTransport", "aws:SourceIp", "aws:TokenIssueTime", "aws:UserAgent", "aws:ViaAWSService",
        "aws:PrincipalIsAWSService",
        "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast",
    ]

    /// AWS's global keys that say what only AWS can tell, as its list "Global condition context keys" has them.
    static let otherGlobals = [
        "aws:AssumedRoot", "aws:ChatbotSourceArn", "aws:Ec2InstanceSourceVpc", "aws:Ec2InstanceSourcePrivateIPv4",
        "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalType",
        "aws:Referer", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:SourceAccount",
        "aws:SourceArn", "aws:SourceIdentity", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc",
        "aws:SourceVpce", "aws:TagKeys", "aws:VpcSourceIp", "aws:userid", "aws:username",
    ]

    /// The kind of value, for keys whose kind is known.
    var kind: Kind? {
        switch name {
        case "aws:sourceip", "aws:vpcsourceip": .address
        case "aws:currenttime", "aws:tokenissuetime": .date
        case "aws:epochtime": .epoch
        case "aws:multifactorauthage": .number
        case "aws:securetransport", "aws:viaawsservice", "aws:principalisawsservice", "aws:multifactorauthpresent",
            "postern:presigned":
            .boolean
        case "aws:principalarn", "aws:sourcearn", "postern:role": .arn
        case Self.accessLevel, Self.risk, "postern:query", "postern:app", "postern:sessionname", "aws:requestedregion",
            "aws:useragent":
            .text
        default: nil
        }
    }

    /// The values that the key can have, where they are a closed list.
    var closedValues: [String]? {
        switch name {
        case Self.accessLevel: Self.accessLevels
        case Self.risk: Self.risks
        default: nil
        }
    }

    /// What holds for each call through the gateway: TLS ends at nginx, and no AWS service calls on a caller's behalf.
    var constant: ContextValue? {
        switch name {
        case "aws:securetransport": .values(["true"])
        case "aws:viaawsservice", "aws:principalisawsservice": .values(["false"])
        case "aws:calledvia", "aws:calledviafirst", "aws:calledvialast": .missing
        default: nil
        }
    }
}

extension UInt8 {
    /// Whether it is an ASCII letter or digit.
    var isASCIIAlphanumeric: Bool {
        isASCIIDigit || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }

    /// Whether it is an ASCII digit.
    var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
}

/// The condition keys of one policy, each with a small number.
struct KeyTable: Sendable {
    private(set) var keys: [ConditionKey] = []
    private var numbers: [String: Int] = [:]

    mutating func number(of key: ConditionKey) -> Int {
        if let number = numbers[key.name] { return number }
        let number = keys.count
        numbers[key.name] = number
        keys.append(key)
        return number
    }

    func number(ofName name: String) -> Int? { numbers[name] }
}
