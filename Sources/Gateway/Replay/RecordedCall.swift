public import AWSRequest
import Identity
public import Policy
public import Postgres

/// A call as the audit has it, to be judged again: by another policy, or to explain a decision.
///
/// The audit does not keep everything that a policy may ask for: of the token only issuer, subject and groups, of the
/// parameters only what is no secret. What it does not keep is unknown, as a policy takes it (docs/policy.md).
public struct RecordedCall: Sendable {
    /// The call's id.
    public let id: String
    /// When it was made: `yyyy-MM-ddTHH:mm:ssZ`.
    public let time: String
    /// `service.Operation`.
    public let operation: String
    /// What was decided then: `Allow`, `RequireApproval` or `Deny`.
    public let outcome: String
    /// The statement that decided then, with its place; nil where none did.
    public let statement: String?
    /// The masking profile then; nil for the default one.
    public let maskProfile: String?
    /// How many like calls the record stands for, at least 1.
    public let repeated: Int

    let seconds: Int64
    let issuer: String
    let subject: String
    let groups: [String]
    let role: String?
    let sessionName: String?
    let query: String?
    let app: String?
    let sourceAddress: String?
    let userAgent: String?
    let actions: [String]
    let resources: [String]
    let region: String?
    let account: String?
    let parameters: String?
    let isPresigned: Bool

    /// What to select from `postern_audit.record AS r` for `init(_:row:)`.
    public static let columns = """
        r.id::text, floor(extract(epoch FROM r.ts))::bigint, r.operation, r.decision, r.statement, r.mask_profile, \
        coalesce(r.repeated, 1), r.issuer, r.subject, r.groups, r.role, r.session_name, r.query_id, r.app, \
        r.source_ip, r.user_agent, r.actions, r.resources, r.region, r.account, r.parameters::text, r.presigned
        """

    /// Which records are calls that a policy decided on, allowed or refused.
    public static let condition = """
        r.kind <> 'outcome' AND r.operation IS NOT NULL AND r.actions IS NOT NULL AND r.subject IS NOT NULL \
        AND r.decision IN ('allow', 'approved', 'require_approval', 'deny')
        """

    /// Reads one row of `columns`.
    public init(_ rows: borrowing QueryResult, row: Int) throws(PostgresError) {
        id = try rows.text(row, 0) ?? ""
        seconds = try rows.integer(row, 1) ?? 0
        time = UnixTime(seconds: seconds).description
        operation = try rows.text(row, 2) ?? ""
        outcome =
            switch try rows.text(row, 3) {
            case "allow"?: "Allow"
            case "approved"?, "require_approval"?: "RequireApproval"
            default: "Deny"
            }
        statement = try rows.text(row, 4)
        maskProfile = try rows.text(row, 5)
        repeated = max(1, Int(clamping: try rows.integer(row, 6) ?? 1))
        issuer = try rows.text(row, 7) ?? ""
        subject = try rows.text(row, 8) ?? ""
        groups = try rows.texts(row, 9) ?? []
        role = try rows.text(row, 10)
        sessionName = try rows.text(row, 11)
        query = try rows.text(row, 12)
        app = try rows.text(row, 13)
        sourceAddress = try rows.text(row, 14)
        userAgent = try rows.text(row, 15)
        actions = try rows.texts(row, 16) ?? []
        resources = try rows.texts(row, 17) ?? []
        region = try rows.text(row, 18)
        account = try rows.text(row, 19)
        parameters = try rows.text(row, 20)
        isPresigned = try rows.bool(row, 21) ?? false
    }
}

extension RecordedCall {
    /// The actions of the call, each with its own resources where they can be told from the recorded parameters.
    ///
    /// Where they cannot (a parameter was masked, or the catalogue has changed) every action is taken to be about all
    /// recorded resources, or about unknown ones where a part was unknown.
    public func requests(_ catalogue: Catalogue) -> [AuthorizationRequest] {
        if let again = classified(catalogue) { return again }
        return actions.map { name in
            let action = catalogue.action(named: name)
            return AuthorizationRequest(
                action: name,
                resources: hasAllResources ? resources : nil,
                accessLevel: action?.accessLevel.description,
                risks: action?.risks.names
            )
        }
    }

    /// Whether the record has every resource: none means that one was unknown, and the audit keeps 128 at most.
    private var hasAllResources: Bool {
        !resources.isEmpty && resources.count < 128 && !resources.contains(where: ParsedInput.isHidden)
    }

    private func classified(_ catalogue: Catalogue) -> [AuthorizationRequest]? {
        guard let operation = catalogue.operation(named: operation), let account,
            let region = region.flatMap({ catalogue.region(named: $0) }), let input = input(of: operation),
            !input.hidesValues
        else { return nil }
        let needs = catalogue.classify(operation, input, region: region, account: account).actions
        // Otherwise it is another call than the recorded one: a URL inside it, or a catalogue of another version.
        guard needs.map(\.name) == actions, Set(needs.flatMap { $0.resources ?? [] }) == Set(resources) else {
            return nil
        }
        return needs.map { AuthorizationRequest($0) }
    }

    /// The recorded parameters; nil where they were too large to be recorded, or are still to be read from the body.
    func input(of operation: Operation) -> ParsedInput? {
        guard let parameters, !operation.traits.contains(.streamingInput),
            !operation.traits.contains(.eventStreamInput),
            let input = try? ParsedInput(json: Array(parameters.utf8), of: operation),
            input.text(at: "postern:omitted") == nil
        else { return nil }
        return input
    }

    /// The values of the condition keys; `doubts` notes each that is asked for but was not recorded.
    public func context(_ catalogue: Catalogue, doubts: Doubts = Doubts()) -> PolicyContext {
        let input = catalogue.operation(named: operation).flatMap { self.input(of: $0) }
        return PolicyContext { key in
            let value = value(of: key, input)
            if value == .unknown { doubts.add(key) }
            return value
        }
    }

    private func value(of key: ConditionKey, _ input: ParsedInput?) -> ContextValue {
        switch key.prefix {
        case "oidc": return claim(String(key.suffix))
        case "request":
            guard let input else { return .unknown }
            let texts = input.texts(at: String(key.suffix))
            if texts.contains(where: ParsedInput.isHidden) { return .unknown }
            return texts.isEmpty ? .missing : .values(texts)
        case "postern", "aws": return value(named: key.name)
        default: return .unknown
        }
    }

    private func claim(_ name: String) -> ContextValue {
        switch name {
        case "sub": .values([subject])
        case "iss": .values([issuer])
        // The audit keeps 128 at most.
        case "groups": groups.isEmpty ? .missing : groups.count < 128 ? .values(groups) : .unknown
        default: .unknown
        }
    }

    private func value(named name: String) -> ContextValue {
        switch name {
        case "postern:role": Self.value(role)
        case "postern:sessionname": Self.value(sessionName)
        // A call without a query of its own is recorded under its session's name.
        case "postern:query": query == sessionName ? .unknown : Self.value(query)
        case "postern:app": Self.value(app)
        case "postern:presigned": .values([isPresigned ? "true" : "false"])
        case "aws:requestedregion": Self.value(region)
        case "aws:sourceip": Self.value(sourceAddress)
        case "aws:useragent": Self.value(userAgent)
        case "aws:currenttime": .values([time])
        case "aws:epochtime": .values([String(seconds)])
        case "aws:principalaccount":
            role.flatMap { try? RoleARN(parsing: $0) }.map { .values([$0.account]) } ?? .unknown
        case "aws:principalarn": principalARN.map { .values([$0]) } ?? .unknown
        default: .unknown
        }
    }

    private var principalARN: String? {
        guard let role = role.flatMap({ try? RoleARN(parsing: $0) }),
            let name = sessionName.flatMap({ try? RoleSessionName(parsing: $0) })
        else { return nil }
        return role.assumedRole(session: name)
    }

    /// A text that was cut when it was recorded is not known.
    private static func value(_ text: String?) -> ContextValue {
        guard let text else { return .missing }
        return text.utf8.count < 4096 ? .values([text]) : .unknown
    }
}

/// The keys that a decision asked for and that are not known.
public final class Doubts {
    /// As the policy spells them, each once.
    public private(set) var keys: [String] = []

    /// None yet.
    public init() {}

    func add(_ key: ConditionKey) {
        if !keys.contains(key.spelling) { keys.append(key.spelling) }
    }
}

extension AuthorizationRequest {
    /// What a call needs, in the policy's words.
    public init(_ need: RequiredAction) {
        self.init(
            action: need.name,
            resources: need.resources,
            accessLevel: need.accessLevel.description,
            risks: need.risks.names
        )
    }
}
