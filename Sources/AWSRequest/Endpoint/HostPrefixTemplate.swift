/// A host prefix of the model, such as `{AccountId}.` or `stream-`.
struct HostPrefixTemplate {
    private let template: String

    init(_ template: String) { self.template = template }

    /// The member whose value fills the label, nil where the prefix is constant.
    var member: String? {
        guard let start = template.firstIndex(of: "{"), let end = template.firstIndex(of: "}"), start < end else {
            return nil
        }
        return String(template[template.index(after: start)..<end])
    }

    /// Whether a prefix from a Host header could have been made from the template.
    func matches(_ received: String) -> Bool {
        guard let member else { return !template.isEmpty && received == template }
        let suffix = template.drop { $0 != "}" }.dropFirst()
        return template.hasPrefix("{\(member)}") && received.hasSuffix(suffix) && received.count > suffix.count
            && Self.isLabel(received.dropLast(suffix.count))
    }

    /// The prefix with the label filled in; nil when the value cannot be one host label.
    func filled(with value: String?) -> String? {
        guard let member else { return template }
        guard let value, Self.isLabel(value[...]) else { return nil }
        return template.replacing("{\(member)}", with: value)
    }

    private static func isLabel(_ text: Substring) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { ASCII.isDigit($0) || ASCII.lowercased($0) &- 97 < 26 || $0 == 0x2D }
    }
}
