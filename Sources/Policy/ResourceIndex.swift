/// Finds the statements whose resources can be the one at hand, by how their patterns begin.
///
/// A pattern begins with literal bytes up to its first wildcard or variable. The table has the hash of each such beginning;
/// the hashes of all beginnings of a resource's ARN come from one pass over it. A collision only costs a comparison.
struct ResourceIndex: Sendable {
    /// Longer beginnings are cut: a few lengths are enough to tell patterns apart.
    private static let longest = 96

    private var table: [UInt64: StatementSet] = [:]
    /// The lengths of all beginnings, ascending.
    private let lengths: [Int]
    /// Statements that no beginning excludes.
    private var open: StatementSet
    /// Statements that can match a call without a resource.
    private let withoutResource: StatementSet

    init(_ statements: [Statement]) {
        let count = statements.count
        open = StatementSet(count: count)
        withoutResource = StatementSet(count: count) { number in
            let resources = statements[number].resources
            return resources.negated || resources.patterns.contains(where: \.matchesEverything)
        }
        var lengths: Set<Int> = []
        for (number, statement) in statements.enumerated() {
            let beginnings = statement.resources.patterns.map { $0.template.leading.prefix(Self.longest) }
            guard !statement.resources.negated, beginnings.allSatisfy({ !$0.isEmpty }) else {
                open.insert(number)
                continue
            }
            for beginning in beginnings {
                let hash = beginning.reduce(Self.seed, Self.combine)
                table[hash, default: StatementSet(count: count)].insert(number)
                lengths.insert(beginning.count)
            }
        }
        self.lengths = lengths.sorted()
    }

    /// Leaves of `statements` those that may be about `resource`.
    func narrow(_ statements: inout StatementSet, to resource: RequestedResource) {
        switch resource {
        case .none: statements.formIntersection(withoutResource)
        case .named(let text, isPartlyKnown: false):
            var possible = open
            var bytes = text.utf8Span.span
            if bytes.count > Self.longest { bytes = bytes.extracting(first: Self.longest) }
            var hash = Self.seed
            var position = 0
            for length in lengths {
                guard length <= bytes.count else { break }
                while position < length {
                    hash = Self.combine(hash, bytes[position])
                    position += 1
                }
                if let found = table[hash] { possible.formUnion(found) }
            }
            statements.formIntersection(possible)
        // What a `*` stands for may be anything.
        case .unknown, .named(_, isPartlyKnown: true): return
        }
    }

    // FNV-1a, 64 bits.
    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325

    private static func combine(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
}
