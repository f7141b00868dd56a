/// What a call needs, in IAM's words.
public struct Classification: Sendable, Equatable {
    /// All actions, the main one first; policy must allow every one.
    public let actions: [RequiredAction]

    /// The highest access level of all actions: Permissions management, Write, Tagging, Read, List in this order.
    public var accessLevel: AccessLevel {
        let order: [AccessLevel] = [.permissionsManagement, .write, .tagging, .read, .list]
        return order.first { level in actions.contains { $0.accessLevel == level } } ?? .write
    }

    /// The risks of all actions together.
    public var risks: Risks { actions.reduce(into: []) { $0.formUnion($1.risks) } }
}

/// One IAM action that a call needs, and on what.
public struct RequiredAction: Sendable, Equatable {
    /// The full name, such as `s3:PutObject`.
    public let name: String
    /// The access level; guessed from the name where `isDocumented` is false.
    public let accessLevel: AccessLevel
    /// What the action can be abused for.
    public let risks: Risks
    /// ARNs, each of which must be allowed; `*` alone where the action has no resource; nil where they are unknown.
    public let resources: [String]?
    /// Whether AWS's service authorization reference lists the action.
    public let isDocumented: Bool

    init(_ action: IAMAction, _ resources: [String]?) {
        name = action.name
        accessLevel = action.accessLevel
        risks = action.risks
        isDocumented = action.isDocumented
        self.resources = resources
    }

    /// An action by name; one that the catalogue does not know counts as a write.
    init(named name: String, _ resources: [String]?, in catalogue: Catalogue) {
        let action = catalogue.action(named: name)
        self.name = action?.name ?? name
        accessLevel = action?.accessLevel ?? .write
        risks = action?.risks ?? []
        isDocumented = action?.isDocumented ?? false
        self.resources = resources
    }
}

extension Catalogue {
    /// The IAM actions that a call needs and the resources that it is about.
    ///
    /// - Parameters:
    ///   - call: The call; for one with several `readings`, classify each.
    ///   - input: Its parsed input.
    ///   - account: The account that the call is for, 12 digits.
    /// - Returns: At least one action.
    public func classify(_ call: RecognisedCall, _ input: ParsedInput, account: String) -> Classification {
        let context = ARNContext(partition: call.partition.id, region: call.region, account: account)
        let path = String(call.target.prefix { $0 != "?" })
        return classify(call.operation, path: path, input, context)
    }

    /// The same for a call of which there is no request: one that is only described, or that is on record.
    ///
    /// - Parameters:
    ///   - operation: The operation.
    ///   - input: Its input.
    ///   - region: The region that AWS sees.
    ///   - account: The account that the call is for, 12 digits.
    public func classify(
        _ operation: Operation,
        _ input: ParsedInput,
        region: Region,
        account: String
    ) -> Classification {
        let context = ARNContext(partition: region.partition.id, region: region.name, account: account)
        return classify(operation, path: operation.path(filledFrom: input), input, context)
    }

    private func classify(
        _ operation: Operation,
        path: String,
        _ input: ParsedInput,
        _ context: ARNContext
    ) -> Classification {
        let builder = ActionBuilder(catalogue: self, operation: operation, path: path, input: input, context: context)
        return Classification(actions: builder.actions())
    }
}

/// What fills the fixed variables of an ARN pattern.
struct ARNContext: Sendable {
    let partition: String
    let region: String
    let account: String

    /// `arn:aws:sqs:eu-west-1:111122223333:` for `sqs`.
    func prefix(_ service: String) -> String { "arn:\(partition):\(service):\(region):\(account):" }
}

/// Collects the actions of one call.
struct ActionBuilder {
    let catalogue: Catalogue
    let operation: Operation
    /// The path as AWS has it, percent-encoded, without its query.
    let path: String
    let input: ParsedInput
    let context: ARNContext

    func actions() -> [RequiredAction] {
        var actions =
            switch operation.service.id {
            case "s3": S3Actions(builder: self).actions()
            case "dynamodb": DynamoDBActions(builder: self).actions() ?? general()
            default: general()
            }
        if actions.isEmpty {
            actions = [action("\(operation.service.iamPrefix):\(operation.name)", nil)]
        }
        actions += tagging()
        actions += unmasking(actions.first?.resources ?? nil)
        if actions.contains(where: { $0.accessLevel.isMutating }), let role = passedRoles() { actions.append(role) }
        return actions
    }

    func action(_ name: String, _ resources: [String]?) -> RequiredAction {
        RequiredAction(named: name, resources, in: catalogue)
    }

    /// The catalogue's actions, each with the resources that its rows derive.
    func general() -> [RequiredAction] {
        let rows = operation.resourceRange.map { ResourceRow(index: $0) }
        return operation.actions.map { action in
            let own = rows.filter { $0.action == action.index }
            return RequiredAction(
                action,
                ResourceRow.resources(of: own, ResourceValues(input: input, path: path, context: context))
            )
        }
    }

    /// Values that a service hides unless it is asked not to: that is a right of its own.
    private func unmasking(_ resources: [String]?) -> [RequiredAction] {
        func asks(_ member: String) -> Bool { input.text(at: member)?.lowercased() == "true" }
        switch operation.service.id {
        case "logs" where asks("unmask"): return [action("logs:Unmask", resources)]
        case "stepfunctions" where asks("revealSecrets"): return [action("states:RevealSecrets", ["*"])]
        default: return []
        }
    }

    /// Roles that are handed to a service: iam:PassRole on each.
    private func passedRoles() -> RequiredAction? {
        guard operation.service.id != "sts" else { return nil }
        var roles: [String] = []
        var isUnknown = false
        for path in operation.passedRoles.texts {
            let parts = path.string.split(separator: "!")
            for text in input.texts(at: String(parts.first ?? "")) where !text.isEmpty {
                let isRole = text.hasPrefix("arn:") && text.contains(":role/")
                // A list may hold other things than roles; else it is a name, or an instance profile, which holds a role
                // that the request does not show.
                if isRole { roles.append(text) } else if parts.count == 1 { isUnknown = true }
            }
        }
        guard isUnknown || !roles.isEmpty else { return nil }
        return action("iam:PassRole", isUnknown ? nil : roles)
    }
}
