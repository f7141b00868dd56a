import Policy

/// A policy of one file.
func policy(_ text: String) throws(PolicyErrors) -> PolicySet {
    try PolicySet(parsing: [.init(name: "p.yaml", text: text)])
}

/// A policy of statements given as the lines of a YAML list.
func statements(_ text: String) throws(PolicyErrors) -> PolicySet {
    try policy("Version: 2012-10-17\nStatement:\n" + text)
}

/// The mistakes of a policy, one a line; empty when there are none.
func mistakes(_ text: String) -> String {
    do {
        _ = try policy(text)
        return ""
    } catch {
        return error.description
    }
}

extension PolicySet {
    /// Decides one action on one resource.
    func decide(
        _ action: String,
        on resource: String? = "*",
        level: String? = "Read",
        risks: [String]? = [],
        _ values: [String: [String]] = [:]
    ) -> Decision {
        let request = AuthorizationRequest(
            action: action,
            resources: resource.map { $0 == "*" ? [] : [$0] },
            accessLevel: level,
            risks: risks
        )
        return decide([request], in: PolicyContext(values))
    }
}
