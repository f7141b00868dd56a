/// Finds the statements that are about an action without asking each of them.
struct StatementIndex: Sendable {
    private struct Service: Sendable {
        var exact: [String: StatementSet] = [:]
        var patterns: Patterns
    }

    /// Different patterns, each with the statements that have it.
    private struct Patterns: Sendable {
        private var globs: [Glob] = []
        private var sets: [StatementSet] = []
        private var places: [Glob: Int] = [:]

        mutating func insert(_ glob: Glob, _ number: Int, of count: Int) {
            if places[glob] == nil {
                places[glob] = globs.count
                globs.append(glob)
                sets.append(StatementSet(count: count))
            }
            if let place = places[glob] { sets[place].insert(number) }
        }

        func add(to found: inout StatementSet, matching name: Span<UInt8>) {
            for place in globs.indices where globs[place].matches(name) { found.formUnion(sets[place]) }
        }
    }

    private var services: [String: Service] = [:]
    private var anyService = Patterns()
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
            for action in statement.actions { insert(action, number) }
        }
    }

    private mutating func insert(_ action: ActionPattern, _ number: Int) {
        let count = statements.count
        guard let service = action.service else { return anyService.insert(action.name, number, of: count) }
        if let name = action.name.literal {
            services[service, default: .init(patterns: .init())]
                .exact[String(decoding: name, as: UTF8.self), default: StatementSet(count: count)].insert(number)
        } else {
            services[service, default: .init(patterns: .init())].patterns.insert(action.name, number, of: count)
        }
    }

    /// The statements about `action`.
    func candidates(for action: ActionName) -> StatementSet {
        var found = StatementSet(count: statements.count)
        let name = action.name.utf8Span.span
        if let service = services[action.service] {
            if let exact = service.exact[action.name] { found.formUnion(exact) }
            service.patterns.add(to: &found, matching: name)
        }
        anyService.add(to: &found, matching: name)
        for number in negated where statements[number].concerns(action) { found.insert(number) }
        return found
    }
}
