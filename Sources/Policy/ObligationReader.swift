/// Postern's additions to the grammar: `Approval`, `Mask`, `Limit`.
extension PolicyReader {
    private static let approvalElements = [
        "Approvers", "Quorum", "ExpiresAfter", "GrantLasts", "Hold", "Uses", "Window", "Scope",
    ]
    private static let limitElements = ["Calls", "Per", "By"]

    mutating func readApproval(_ entry: Document.Entry?, effect: Effect?) -> ApprovalTerms {
        var terms = ApprovalTerms()
        guard let entry else { return terms }
        if let effect, effect != .requireApproval {
            mistakes.add("Approval needs Effect: RequireApproval", at: entry.mark)
        }
        guard case .mapping(let entries) = entry.value.content else {
            mistakes.add("Approval must be a mapping, but is \(entry.value.kind)", at: entry.value.mark)
            return terms
        }
        let window = entries.first { $0.key == "Window" }
        for entry in entries {
            switch entry.key {
            case "Approvers": terms.approvers = Approvers(entry.value, mistakes: &mistakes)
            case "Quorum": terms.quorum = number(entry, 1...10) ?? terms.quorum
            case "ExpiresAfter": terms.expiresAfter = duration(entry, 1...604_800) ?? terms.expiresAfter
            case "GrantLasts": terms.grantLasts = duration(entry, 1...86_400) ?? terms.grantLasts
            case "Hold": terms.hold = duration(entry, 0...50) ?? terms.hold
            case "Uses": terms.uses = number(entry, 1...1000) ?? terms.uses
            case "Window": break
            case "Scope": terms.scope = choice(entry) ?? terms.scope
            default: unknown(entry, among: Self.approvalElements, in: "Approval")
            }
        }
        if let window {
            if let other = entries.first(where: { ["Uses", "GrantLasts"].contains($0.key) }) {
                mistakes.add(
                    "Window says how long a grant lasts for any number of calls: no \(other.key)",
                    at: other.mark
                )
            }
            terms.grantLasts = duration(window, 1...86_400) ?? terms.grantLasts
            terms.uses = nil
        }
        return terms
    }

    mutating func readMask(_ entry: Document.Entry, effect: Effect?) -> String? {
        if effect == .deny {
            mistakes.add("Mask has no meaning for Effect: Deny", at: entry.mark)
        }
        guard let name = scalar(entry) else { return nil }
        let others: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: "_")]
        guard (1...64).contains(name.utf8.count),
            name.utf8.allSatisfy({ $0.isASCIIAlphanumeric || others.contains($0) })
        else {
            mistakes.add("Mask must be the name of a masking profile", at: entry.value.mark)
            return nil
        }
        return name
    }

    mutating func readLimit(_ entry: Document.Entry, effect: Effect?, id: Int) -> LimitTerms? {
        if effect == .deny {
            mistakes.add("Limit has no meaning for Effect: Deny", at: entry.mark)
        }
        guard case .mapping(let entries) = entry.value.content else {
            mistakes.add(
                "Limit must be a mapping, but is \(entry.value.kind)",
                at: entry.value.mark,
                suggestion: "write {Calls: 100, Per: 1m}"
            )
            return nil
        }
        var (calls, period): (Int?, Int?)
        var subject = LimitTerms.Subject.principal
        for entry in entries {
            switch entry.key {
            case "Calls": calls = number(entry, 1...1_000_000)
            case "Per": period = duration(entry, 1...86_400)
            case "By": subject = choice(entry) ?? subject
            default: unknown(entry, among: Self.limitElements, in: "Limit")
            }
        }
        for name in ["Calls", "Per"] where !entries.contains(where: { $0.key == name }) {
            mistakes.add("Limit has no \(name)", at: entry.mark, suggestion: "write {Calls: 100, Per: 1m}")
        }
        guard let calls, let period else { return nil }
        return .init(id: id, calls: calls, period: period, subject: subject)
    }

    private mutating func number(_ entry: Document.Entry, _ range: ClosedRange<Int>) -> Int? {
        guard let text = scalar(entry) else { return nil }
        guard text.utf8.allSatisfy(\.isASCIIDigit), let value = Int(text), range.contains(value) else {
            mistakes.add(
                "\(entry.key) must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                at: entry.value.mark
            )
            return nil
        }
        return value
    }

    /// A duration such as `20s`, `15m`, `1h`, `7d`, in seconds.
    private mutating func duration(_ entry: Document.Entry, _ range: ClosedRange<Int>) -> Int? {
        guard let text = scalar(entry) else { return nil }
        let units = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let digits = text.dropLast()
        guard let unit = text.last.flatMap({ units[String($0)] }), (1...7).contains(digits.utf8.count),
            digits.utf8.allSatisfy(\.isASCIIDigit), let count = Int(digits)
        else {
            mistakes.add(
                "\(entry.key) must be a duration",
                at: entry.value.mark,
                suggestion: "write 20s, 15m, 1h or 7d"
            )
            return nil
        }
        guard range.contains(count * unit) else {
            mistakes.add(
                "\(entry.key) must be from \(range.lowerBound) to \(range.upperBound) seconds",
                at: entry.value.mark
            )
            return nil
        }
        return count * unit
    }

    private mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ entry: Document.Entry) -> Choice? {
        guard let text = scalar(entry) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        mistakes.add(
            "unknown \(entry.key) \"\(text)\"",
            at: entry.value.mark,
            suggestion: Suggestion.closest(to: text, among: names) ?? "it is one of \(names.joined(separator: ", "))"
        )
        return nil
    }
}
