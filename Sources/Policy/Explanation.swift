/// Why a statement did or did not count for one action on one resource.
public struct StatementReport: Sendable {
    /// What came of it.
    public enum Result: Sendable, Hashable {
        /// It matches.
        case matches
        /// It depends on something that is not known, and therefore counts against the call (or not for it).
        case uncertain(String)
        /// The resource is not one of its resources.
        case otherResource
        /// A condition does not hold; the text names it.
        case conditionFails(String)
        /// It is about other actions.
        case otherAction
    }

    /// The statement.
    public let statement: StatementName
    /// What it would say.
    public let effect: Effect
    /// Whether it is not enforced.
    public let isShadow: Bool
    /// What came of it.
    public let result: Result
}

extension PolicySet {
    /// What each statement says about one action on one resource (nil: not known), in the order of the files.
    public func reports(
        _ request: AuthorizationRequest,
        resource: String?,
        in context: PolicyContext
    ) -> [StatementReport] {
        var values = KeyValues(keys: keys.keys, context: context)
        setClassification(of: request, in: &values)
        return statements.map { statement in
            StatementReport(
                statement: statement.name,
                effect: statement.effect,
                isShadow: statement.shadow,
                result: result(statement, request, resource, &values)
            )
        }
    }

    private func result(
        _ statement: Statement,
        _ request: AuthorizationRequest,
        _ resource: String?,
        _ values: inout KeyValues
    ) -> StatementReport.Result {
        guard let action = ActionName(request.action), statement.concerns(action) else { return .otherAction }
        let found = statement.resources.matches(.init(resource), &values)
        if found == .no { return .otherResource }
        var doubt = found == .maybe ? "the resource is not wholly known" : nil
        for condition in statement.conditions {
            switch condition.matches(&values) {
            case .no: return .conditionFails(describe(condition, &values))
            case .maybe: doubt = doubt ?? describe(condition, &values)
            case .yes: continue
            }
        }
        return doubt.map { .uncertain($0) } ?? .matches
    }

    /// `StringEquals oidc:sub wants alice; the call has bob`, without values of the call's parameters.
    private func describe(_ condition: Condition, _ values: inout KeyValues) -> String {
        let key = keys.keys[condition.key]
        let wanted = condition.written.prefix(5).joined(separator: ", ") + (condition.written.count > 5 ? ", ..." : "")
        let has: String
        switch values[condition.key] {
        case .missing: has = "the call has none"
        case .unknown: has = "the call's cannot be told"
        case .values where key.prefix == "request": has = "the call has another"
        case .values(let found): has = "the call has \(found.prefix(5).joined(separator: ", "))"
        }
        return "\(condition.comparison.name) \(key) wants \(wanted); \(has)"
    }

    /// Says which statement decides a call, and why the others do not.
    public func explain(_ requests: [AuthorizationRequest], in context: PolicyContext) -> String {
        let decision = decide(requests, in: context)
        var lines = ["\(decision.outcome.name): \(decision.summary)"]
        if let statement = decision.statement { lines.append("  statement: \(statement)") }
        if case .requireApproval(let terms) = decision.outcome { lines.append("  approval: \(terms.summary)") }
        if !decision.outcome.isDenied { lines.append("  masking profile: \(decision.mask ?? "default")") }
        for limit in decision.limits {
            lines.append("  limit: \(limit.calls) calls in \(limit.period) s by \(limit.subject.rawValue.lowercased())")
        }
        if let shadow = decision.shadow {
            let by = shadow.statement.map { " by \($0)" } ?? ""
            lines.append("  with the shadow statements: \(shadow.outcome.name)\(by)")
        }
        for request in requests {
            let resources: [String?] = request.resources.map { $0.isEmpty ? [RequestedResource.noneText] : $0 } ?? [nil]
            for resource in resources.prefix(Self.explainedResources) {
                lines += explain(request, resource, in: context)
            }
            if resources.count > Self.explainedResources {
                lines.append("and \(resources.count - Self.explainedResources) more resources")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// More resources than this are counted, not explained.
    private static let explainedResources = 20

    private func explain(
        _ request: AuthorizationRequest,
        _ resource: String?,
        in context: PolicyContext
    ) -> [String] {
        let level = request.accessLevel ?? "level not known"
        let risks = request.risks.map { $0.isEmpty ? "" : "; " + $0.joined(separator: ", ") } ?? "; risk not known"
        let object =
            resource.map { $0 == RequestedResource.noneText ? "no resource" : $0 } ?? "a resource that is not known"
        var lines = ["\(request.action) (\(level)\(risks)) on \(object)"]
        var others = 0
        for report in reports(request, resource: resource, in: context) {
            let reason: String
            switch report.result {
            case .otherAction:
                others += 1
                continue
            case .matches: reason = "matches"
            case .uncertain(let doubt):
                reason = (report.effect == .allow ? "does not count: " : "counts against the call: ") + doubt
            case .otherResource: reason = "is about other resources"
            case .conditionFails(let condition): reason = "does not match: \(condition)"
            }
            lines.append(
                "  \(report.effect.rawValue)\(report.isShadow ? " (shadow)" : "") \(report.statement): \(reason)"
            )
        }
        lines.append("  \(others) \(others == 1 ? "statement is" : "statements are") about other actions")
        return lines
    }
}

extension ApprovalTerms {
    /// The terms in words.
    public var summary: String {
        let persons = quorum == 1 ? "one person" : "\(quorum) persons"
        let who = approvers.isEmpty ? "of the configuration's approvers" : "of \(approvers.text)"
        let use = uses.map { $0 == 1 ? "one call" : "\($0) calls" } ?? "any number of calls"
        let what = scope == .call ? "exactly as asked" : "of this operation on these resources"
        return "\(persons) \(who) within \(expiresAfter) s; then \(use) \(what) within \(grantLasts) s"
    }
}
