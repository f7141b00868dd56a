/// Finds the name that a mistyped one was probably meant to be.
enum Suggestion {
    /// `did you mean "…"?` for the closest candidate, nil when none is close.
    static func closest(to name: String, among candidates: some Sequence<String>) -> String? {
        guard name.utf8.count <= 128 else { return nil }
        let folded = Array(name.lowercased().utf8)
        let tolerance = max(1, folded.count / 3)
        var best: (distance: Int, candidate: String)?
        for candidate in candidates {
            let distance = distance(folded, Array(candidate.lowercased().utf8), atMost: tolerance)
            guard distance <= tolerance, distance < best?.distance ?? Int.max else { continue }
            best = (distance, candidate)
            if distance == 0 { break }
        }
        return best.map { "did you mean \"\($0.candidate)\"?" }
    }

    /// Edit distance with swaps of neighbours as one edit; anything above `limit` is reported as `limit + 1`.
    private static func distance(_ first: [UInt8], _ second: [UInt8], atMost limit: Int) -> Int {
        guard abs(first.count - second.count) <= limit else { return limit + 1 }
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in first.indices {
            var current = [row + 1]
            for column in second.indices {
                let substitution = last[column] + (first[row] == second[column] ? 0 : 1)
                var cost = min(substitution, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[second.count]
    }
}
