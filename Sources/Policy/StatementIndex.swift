/// Finds the statements that are about an action without asking each of them.
struct StatementIndex: Sendable {
    private struct Service: Sendable {
        var exact: [String: [Int]] = [:]
        var patterns: [(name: Glob, statement: Int)] = []
    }

    private var services: [String: Service] = [:]
    private var anyService: [(name: Glob, statement: Int)] = []
    /// Statements with `NotAction`.
    private var negated: [Int] = []
    private let statements: [Statement]

    init(_ statements: [Statement]) {
        self.statements = statements
        for (number, statement) in statements.enumerated() {
            guard !statement.actionsNegated else {
                negated.append(number)
                continue
            }
            for action in statement.actions {
                guard let service = action.service else {
                    anyService.append((action.name, number))
                    continue
                }
                if let name = action.name.literal {
                    services[service, default: .init()].exact[String(decoding: name, as: UTF8.self), default: []]
                        .append(number)
                } else {
                    services[service, default: .init()].patterns.append((action.name, number))
                }
            }
        }
    }

    /// Numbers of the statements about `action`, ascending.
    func candidates(for action: ActionName) -> [Int] {
        var words = [UInt64](repeating: 0, count: (statements.count + 63) / 64)
        func mark(_ number: Int) {
            words[number / 64] |= 1 << UInt64(number % 64)
        }
        let name = action.name.utf8Span.span
        if let service = services[action.service] {
            for number in service.exact[action.name] ?? [] { mark(number) }
            for pattern in service.patterns where pattern.name.matches(name) { mark(pattern.statement) }
        }
        for pattern in anyService where pattern.name.matches(name) { mark(pattern.statement) }
        for number in negated where statements[number].concerns(action) { mark(number) }
        var numbers: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                numbers.append(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return numbers
    }
}
