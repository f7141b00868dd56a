/// Finds the statements that are about an action without asking each of them.
struct StatementIndex: Sendable {
    private struct Service: Sendable {
        var exact: [String: [Int]] = [:]
        var patterns: [Glob: [Int]] = [:]
    }

    private var services: [String: Service] = [:]
    private var anyService: [Glob: [Int]] = [:]
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
                    anyService[action.name, default: []].append(number)
                    continue
                }
                if let name = action.name.literal {
                    services[service, default: .init()].exact[String(decoding: name, as: UTF8.self), default: []]
                        .append(number)
                } else {
                    services[service, default: .init()].patterns[action.name, default: []].append(number)
                }
            }
        }
    }

    /// Numbers of the statements about `action`, ascending.
    func candidates(for action: ActionName) -> [Int] {
        var words = [UInt64](repeating: 0, count: (statements.count + 63) / 64)
        func mark(_ numbers: [Int]) {
            for number in numbers { words[number / 64] |= 1 << UInt64(number % 64) }
        }
        let name = action.name.utf8Span.span
        if let service = services[action.service] {
            if let numbers = service.exact[action.name] { mark(numbers) }
            for (pattern, numbers) in service.patterns where pattern.matches(name) { mark(numbers) }
        }
        for (pattern, numbers) in anyService where pattern.matches(name) { mark(numbers) }
        mark(negated.filter { statements[$0].concerns(action) })
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
