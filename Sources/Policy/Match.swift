/// Whether something matches, where part of what it is compared with may not be known.
///
/// Kleene's three values: `and` is the least, `or` the greatest, and `maybe` stays itself when negated.
enum Match: UInt8, Comparable, Sendable {
    case no, maybe, yes

    init(_ matches: Bool) {
        self = matches ? .yes : .no
    }

    static func < (first: Match, second: Match) -> Bool {
        first.rawValue < second.rawValue
    }

    static prefix func ! (match: Match) -> Match {
        switch match {
        case .no: .yes
        case .maybe: .maybe
        case .yes: .no
        }
    }
}
