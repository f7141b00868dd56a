/// An IAM action, such as `s3:GetObject`.
public struct IAMAction: Sendable, Hashable {
    let index: Int

    /// The full name as AWS writes it.
    public var name: String { nameText.string }
    /// What kind of access the action gives.
    public var accessLevel: AccessLevel { AccessLevel(rawValue: UInt8(truncatingIfNeeded: flags)) ?? .write }
    /// What the action can be abused for.
    public var risks: Risks { Risks(rawValue: UInt8(truncatingIfNeeded: flags >> 8)) }
    /// Whether AWS's service authorization reference lists the action; otherwise its level is a guess from its name.
    public var isDocumented: Bool { flags & 1 << 16 != 0 }

    var nameText: CatalogueText {
        let layout = CatalogueLayout.current
        return layout.text(layout.field(0, of: index, in: layout.actions, width: 2))
    }

    private var flags: Int {
        let layout = CatalogueLayout.current
        return layout.field(1, of: index, in: layout.actions, width: 2)
    }
}

/// The access levels of AWS's service authorization reference.
public enum AccessLevel: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    case list, read, write, tagging, permissionsManagement

    /// Whether something changes.
    public var isMutating: Bool { rawValue >= 2 }

    /// The name as policies write it.
    public var description: String {
        switch self {
        case .list: "List"
        case .read: "Read"
        case .write: "Write"
        case .tagging: "Tagging"
        case .permissionsManagement: "Permissions management"
        }
    }
}

/// What an action can be abused for; from iann0036/iam-dataset.
public struct Risks: OptionSet, Sendable, Hashable {
    /// The bits, as the generator writes them.
    public let rawValue: UInt8

    /// A set with these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Hands out credentials.
    public static let credentialsExposure = Risks(rawValue: 1)
    /// Lets the caller gain permissions.
    public static let privilegeEscalation = Risks(rawValue: 2)
    /// Opens a resource to others.
    public static let resourceExposure = Risks(rawValue: 4)
    /// Reads customer data.
    public static let dataExfiltration = Risks(rawValue: 8)

    /// The names as policies write them.
    public var names: [String] {
        let all: [(Risks, String)] = [
            (.credentialsExposure, "credentials-exposure"), (.privilegeEscalation, "privilege-escalation"),
            (.resourceExposure, "resource-exposure"), (.dataExfiltration, "data-exfiltration"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
