/// A resource in a statement: `*`, or an ARN with wildcards and policy variables.
struct ResourcePattern: Sendable {
    let template: Template
    /// As the policy spells it.
    let spelling: String
    /// Whether the ARN has fewer than six parts, so that the missing ones are taken as `*`.
    let incomplete: Bool

    /// Reads a resource pattern, numbering the keys of its variables in `keys`.
    init(_ text: String, variables: Bool, keys: inout KeyTable) throws(Template.Mistake) {
        spelling = text
        let syntax = Template.Syntax(wildcards: true, variables: variables)
        guard text != "*" else {
            incomplete = false
            template = try Template(text, syntax: syntax, keys: &keys)
            return
        }
        guard text.hasPrefix("arn:") else {
            throw .init(
                message: "\"\(text)\" is not an ARN",
                suggestion: "write \"*\", or arn:partition:service:region:account:resource"
            )
        }
        var outside = 0
        var depth = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "{") { depth += 1 }
            if byte == UInt8(ascii: "}") { depth -= 1 }
            if byte == UInt8(ascii: ":"), depth <= 0 { outside += 1 }
        }
        incomplete = outside < 5
        let completed = text + String(repeating: ":*", count: max(0, 5 - outside))
        template = try Template(completed, syntax: syntax, keys: &keys)
    }

    /// Whether it matches whatever the resource is.
    var matchesEverything: Bool { template.fixed?.matchesEverything ?? false }

    /// Whether it matches a resource; a `*` in the resource stands for what could not be derived.
    func matches(_ resource: String, partlyKnown: Bool, _ values: inout KeyValues) -> Match {
        guard let glob = template.glob(&values) else { return .maybe }
        if partlyKnown { return glob.matches(partlyKnown: resource.utf8Span.span) }
        return Match(glob.matches(resource.utf8Span.span))
    }
}

/// The `Resource` or `NotResource` of a statement.
struct ResourceSet: Sendable {
    let patterns: [ResourcePattern]
    let negated: Bool

    /// What a call without any resource of its own is matched as.
    static let none = "*"

    /// Whether it matches one resource; nil stands for a resource that is not known at all.
    func matches(_ resource: String?, _ values: inout KeyValues) -> Match {
        var result = Match.no
        // IAM: an action that takes no resource is matched by "*" alone.
        let hasNone = resource == Self.none
        let partlyKnown = !hasNone && resource?.utf8.contains(UInt8(ascii: "*")) == true
        for pattern in patterns {
            if pattern.matchesEverything {
                result = .yes
                break
            }
            if hasNone { continue }
            let match = resource.map { pattern.matches($0, partlyKnown: partlyKnown, &values) } ?? .maybe
            result = max(result, match)
            if result == .yes { break }
        }
        return negated ? !result : result
    }
}
