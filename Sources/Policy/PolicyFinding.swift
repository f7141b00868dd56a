/// What the catalogue knows of an IAM action.
public struct ActionFacts: Sendable, Hashable {
    /// Value of `postern:AccessLevel`.
    public let accessLevel: String
    /// Values of `postern:Risk`.
    public let risks: [String]

    /// The facts as one value.
    public init(accessLevel: String, risks: [String]) {
        self.accessLevel = accessLevel
        self.risks = risks
    }
}

/// The IAM actions that there are, for checks of a policy.
public struct ActionCatalogue {
    let names: [ActionName]
    let spellings: [String]
    let facts: (String) -> ActionFacts?
    let hasMember: (String, String) -> Bool?

    /// Takes all known actions (`ssm:GetParameter`) and what is known of each.
    ///
    /// `hasMember` says whether an operation that needs the action has the input member at a path (`Parameter.Name`); nil
    /// when that is not known.
    public init(
        actions: [String],
        facts: @escaping (String) -> ActionFacts?,
        hasMember: @escaping (String, String) -> Bool? = { _, _ in nil }
    ) {
        self.hasMember = hasMember
        spellings = actions.filter { ActionName($0) != nil }
        names = spellings.compactMap { ActionName($0) }
        self.facts = facts
    }
}

/// Something in a policy that parses but is probably not what its author meant.
public struct PolicyFinding: Sendable, Hashable, CustomStringConvertible {
    /// How much it matters.
    public enum Severity: String, Sendable, Comparable, CaseIterable {
        /// It may be meant.
        case note
        /// The policy does less than it seems to.
        case warning
        /// The policy lets through what it should not.
        case danger

        /// Notes come before warnings, warnings before dangers.
        public static func < (first: Self, second: Self) -> Bool {
            (allCases.firstIndex(of: first) ?? 0) < (allCases.firstIndex(of: second) ?? 0)
        }
    }

    /// How much it matters.
    public let severity: Severity
    /// The statement.
    public let statement: StatementName
    /// Where it is: the action, resource or condition that is meant, else the statement.
    public let position: SourcePosition
    /// What it is.
    public let message: String

    /// `file:line:column: warning: message (DenyTokens)`.
    public var description: String {
        "\(position): \(severity.rawValue): \(message) (\(statement.label))"
    }
}
