/// A set of statements by their numbers, one bit each.
struct StatementSet: Sendable, Equatable {
    private var words: [UInt64]

    /// The empty set of statements below `count`.
    init(count: Int) {
        words = Array(repeating: 0, count: (max(0, count) + 63) / 64)
    }

    /// The statements below `count` for which `contains` says so.
    init(count: Int, where contains: (Int) -> Bool) {
        self.init(count: count)
        for number in 0..<max(0, count) where contains(number) { insert(number) }
    }

    mutating func insert(_ number: Int) { words[number / 64] |= 1 << UInt64(number % 64) }

    mutating func formUnion(_ other: StatementSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    mutating func formIntersection(_ other: StatementSet) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    mutating func subtract(_ other: StatementSet) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    /// The first number from `start` on that is in this set and in `other`; nil when there is none.
    func first(from start: Int, in other: StatementSet) -> Int? {
        var index = start / 64
        guard index < words.count else { return nil }
        var rest = words[index] & other.words[index] & (UInt64.max << UInt64(start % 64))
        while rest == 0 {
            index += 1
            guard index < words.count else { return nil }
            rest = words[index] & other.words[index]
        }
        return index * 64 + rest.trailingZeroBitCount
    }
}
