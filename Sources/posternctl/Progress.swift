import Glibc

/// How far a long work has come: a line on standard error that is written over, where that is a terminal.
///
/// There is no bar of a known length: to count the rows first would take as long as the work.
struct Progress {
    private let unit: String
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var count: Int64 = 0

    /// - Parameter unit: what is counted.
    init(_ unit: String, isShown: Bool = true) {
        self.unit = unit
        self.isShown = isShown && isatty(STDERR_FILENO) == 1
    }

    /// One more.
    mutating func advance() {
        count += 1
        // A look at the clock for each would cost as much as the work.
        if isShown, count & 0xfff == 0 { show() }
    }

    /// So many by now.
    mutating func reach(_ count: Int64) {
        self.count = count
        if isShown { show() }
    }

    /// Leaves the line with the last number.
    mutating func end() {
        guard isShown, count > 0 else { return }
        show(isLast: true)
        Terminal.write("\n", to: STDERR_FILENO)
    }

    private mutating func show(isLast: Bool = false) {
        let now = ContinuousClock.now
        guard isLast || now - shown > .milliseconds(200) else { return }
        shown = now
        let seconds = max(0.001, (now - start) / .seconds(1))
        Terminal.write("\r\(count) \(unit), \(Int64(Double(count) / seconds))/s   ", to: STDERR_FILENO)
    }
}
