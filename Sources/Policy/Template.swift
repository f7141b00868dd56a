/// A pattern that may hold policy variables: `${oidc:sub}`, `${aws:username, 'nobody'}`, `${*}`, `${?}`, `${$}`.
struct Template: Sendable {
    private enum Part: Sendable {
        case tokens([Glob.Token])
        case variable(key: Int, fallback: String?)
    }

    private enum Form: Sendable {
        case fixed(Glob)
        /// With the literal bytes that stand before the first variable or wildcard.
        case parts([Part], leading: [UInt8])
    }

    private let form: Form

    /// The pattern, when it does not depend on the call.
    var fixed: Glob? {
        guard case .fixed(let glob) = form else { return nil }
        return glob
    }

    /// The literal bytes that every match begins with.
    var leading: [UInt8] {
        switch form {
        case .fixed(let glob): glob.leading
        case .parts(_, let leading): leading
        }
    }

    /// Fills in the variables; their values are literal text, wildcards in them mean nothing.
    func tokens(_ values: inout KeyValues) -> [Glob.Token]? {
        guard case .parts(let parts, _) = form else { return nil }
        var result: [Glob.Token] = []
        for part in parts {
            switch part {
            case .tokens(let tokens): result += tokens
            case .variable(let key, let fallback):
                switch values[key] {
                case .values(let found) where found.count == 1: result += found[0].utf8.map(Glob.Token.init)
                case .missing:
                    guard let fallback else { return nil }
                    result += fallback.utf8.map(Glob.Token.init)
                case .values, .unknown: return nil
                }
            }
        }
        return result
    }

    /// Whether a text can match at all, told from how it starts, before any variable is looked up.
    func canMatch(_ text: Span<UInt8>) -> Bool {
        guard case .parts(_, let leading) = form else { return true }
        return Glob.starts(text, with: leading)
    }

    /// The pattern for one call; nil when a variable in it cannot be resolved.
    func glob(_ values: inout KeyValues) -> Glob? {
        if let fixed { return fixed }
        return tokens(&values).map(Glob.init)
    }
}

extension Template {
    /// How text becomes a template.
    struct Syntax {
        /// `*` and `?` are wildcards.
        var wildcards: Bool
        /// `${...}` is a variable; not so in policies of version 2008-10-17.
        var variables: Bool

        fileprivate func tokens(_ text: Substring) -> [Glob.Token] {
            wildcards ? Glob.tokens(text) : text.utf8.map(Glob.Token.init)
        }
    }

    /// Why text is not a template.
    struct Mistake: Error {
        let message: String
        var suggestion: String?
    }

    /// A pattern without variables.
    init(_ glob: Glob) {
        form = .fixed(glob)
    }

    /// Compiles `text`, numbering the keys of its variables in `keys`.
    init(_ text: String, syntax: Syntax, keys: inout KeyTable) throws(Mistake) {
        guard text.utf8.count <= 4096 else { throw Mistake(message: "a value is longer than 4096 bytes") }
        var parts: [Part] = []
        var pending: [Glob.Token] = []
        var rest = Substring(text)
        while let start = syntax.variables ? rest.firstRange(of: "${") : nil {
            pending += syntax.tokens(rest[..<start.lowerBound])
            rest = rest[start.lowerBound...]
            guard let end = rest.firstIndex(of: "}") else {
                throw Mistake(message: "a policy variable is not closed", suggestion: "write ${$}{ for a literal ${")
            }
            let inner = rest[..<end].dropFirst(2)
            rest = rest[rest.index(after: end)...]
            if ["*", "?", "$"].contains(String(inner)) {
                pending += inner.utf8.map(Glob.Token.init)
                continue
            }
            let (key, fallback) = try Self.variable(inner)
            if !pending.isEmpty { parts.append(.tokens(pending)) }
            pending = []
            parts.append(.variable(key: keys.number(of: key), fallback: fallback))
        }
        pending += syntax.tokens(rest)
        if parts.isEmpty {
            form = .fixed(Glob(pending))
        } else {
            var leading: [UInt8] = []
            if case .tokens(let tokens) = parts.first {
                leading = tokens.prefix { $0 < Glob.anyCharacter }.map { UInt8(truncatingIfNeeded: $0) }
            }
            form = .parts(pending.isEmpty ? parts : parts + [.tokens(pending)], leading: leading)
        }
    }

    /// Reads `key` or `key, 'default'`.
    private static func variable(_ text: Substring) throws(Mistake) -> (ConditionKey, String?) {
        let halves = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let name = halves[0].trimmingSpaces()
        guard let key = ConditionKey(String(name)) else {
            throw Mistake(
                message: "\"\(name)\" is not a policy variable",
                suggestion: "name a condition key, as in ${oidc:sub}"
            )
        }
        guard halves.count == 2 else { return (key, nil) }
        let fallback = halves[1].trimmingSpaces()
        guard fallback.utf8.count >= 2, fallback.hasPrefix("'"), fallback.hasSuffix("'") else {
            throw Mistake(
                message: "the default of a policy variable is not quoted",
                suggestion: "write ${\(key), 'default'}"
            )
        }
        return (key, String(fallback.dropFirst().dropLast()))
    }
}

extension Substring {
    /// Without the blanks at both ends.
    fileprivate func trimmingSpaces() -> Substring {
        var text = self.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
