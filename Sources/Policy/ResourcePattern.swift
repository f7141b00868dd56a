/// A resource in a statement: `*`, or an ARN with wildcards and policy variables.
struct ResourcePattern: Sendable {
    let template: Template
    /// As the policy spells it.
    let spelling: String
    /// Whether the ARN has fewer than six parts, so that the missing ones are taken as `*`.
    let incomplete: Bool
    /// Whether it matches whatever the resource is.
    let matchesEverything: Bool

    /// Reads a resource pattern, numbering the keys of its variables in `keys`.
    init(_ text: String, variables: Bool, keys: inout KeyTable) throws(Template.Mistake) {
        spelling = text
        let syntax = Template.Syntax(wildcards: true, variables: variables)
        guard text != "*" else {
            incomplete = false
            matchesEverything = true
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
        matchesEverything = false
        template = try Template(completed, syntax: syntax, keys: &keys)
    }

    /// Whether it matches a resource.
    func matches(_ resource: RequestedResource, _ values: inout KeyValues) -> Match {
        guard case .named(let text, let isPartlyKnown) = resource else { return .maybe }
        if isPartlyKnown {
            return template.glob(&values)?.matches(partlyKnown: text.utf8Span.span) ?? .maybe
        }
        guard template.canMatch(text.utf8Span.span) else { return .no }
        guard let glob = template.glob(&values) else { return .maybe }
        return Match(glob.matches(text.utf8Span.span))
    }
}

/// What a call acts on, as patterns are matched against it.
enum RequestedResource: Sendable {
    /// The action takes no resource: IAM matches it by `*` alone.
    case none
    /// There is one, but it cannot be told which.
    case unknown
    /// An ARN; partly known when a `*` in it stands for what could not be derived.
    case named(String, isPartlyKnown: Bool)

    /// What no resource is called in decisions and reports.
    static let noneText = "*"

    /// The ARN, `*` for none; nil for one that is not known.
    init(_ text: String?) {
        switch text {
        case nil: self = .unknown
        case Self.noneText?: self = .none
        case let text?: self = .named(text, isPartlyKnown: text.utf8.contains(UInt8(ascii: "*")))
        }
    }
}

/// The `Resource` or `NotResource` of a statement.
struct ResourceSet: Sendable {
    let patterns: [ResourcePattern]
    /// Where each pattern stands.
    let marks: [DocumentMark]
    let negated: Bool

    /// Whether it matches one resource.
    func matches(_ resource: RequestedResource, _ values: inout KeyValues) -> Match {
        var result = Match.no
        for pattern in patterns {
            if pattern.matchesEverything {
                result = .yes
                break
            }
            if case .none = resource { continue }
            result = max(result, pattern.matches(resource, &values))
            if result == .yes { break }
        }
        return negated ? !result : result
    }
}
