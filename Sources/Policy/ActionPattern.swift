/// An action in a statement: `*`, `s3:*`, `ssm:Get*`; compared without regard to case.
struct ActionPattern: Sendable, Hashable {
    /// Service prefix in lower case; nil for all services.
    let service: String?
    /// What follows the colon, in lower case.
    let name: Glob
    /// As the policy spells it.
    let spelling: String

    /// Reads an action pattern; the message says what is wrong with one that cannot be read.
    init(_ text: String) throws(Template.Mistake) {
        spelling = text
        if text == "*" {
            (service, name) = (nil, Glob(wildcards: "*"))
            return
        }
        let halves = text.lowercased().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, text.utf8.count <= 256 else {
            throw .init(message: "\"\(text)\" is not an action", suggestion: "write service:Action, as in s3:GetObject")
        }
        let (service, name) = (halves[0], halves[1])
        let dash = UInt8(ascii: "-")
        guard service == "*" || (!service.isEmpty && service.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == dash })
        else {
            throw .init(
                message: "\"\(service)\" is not a service prefix",
                suggestion: "a prefix has no wildcards, unless it is *"
            )
        }
        let wildcards: [UInt8] = [UInt8(ascii: "*"), UInt8(ascii: "?"), dash, UInt8(ascii: "_")]
        guard !name.isEmpty, name.utf8.allSatisfy({ $0.isASCIIAlphanumeric || wildcards.contains($0) }) else {
            throw .init(message: "\"\(name)\" is not the name of an action", suggestion: "letters, digits, * and ?")
        }
        self.service = service == "*" ? nil : String(service)
        self.name = Glob(wildcards: String(name))
    }

    /// Whether it names the action, given as its parts in lower case.
    func matches(service: String, name: String) -> Bool {
        (self.service == nil || self.service == service) && self.name.matches(name.utf8Span.span)
    }

    /// Whether every action that `other` names is named by this too.
    func covers(_ other: ActionPattern) -> Bool {
        (service == nil || service == other.service) && name.covers(other.name)
    }
}

/// An action as the index looks it up: `ssm:GetParameter` in its two parts, in lower case.
struct ActionName: Sendable, Hashable {
    let service: String
    let name: String

    /// Reads `prefix:Action`; nil when there is no colon in it.
    init?(_ text: String) {
        let lower = text.lowercased()
        guard let colon = lower.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        service = String(lower[..<colon])
        name = String(lower[colon...].dropFirst())
    }
}
