import Glibc

/// Microseconds by stage of one call.
struct Stopwatch {
    private(set) var stages: [(stage: String, microseconds: Int64)] = []
    private let start: Int64
    private var last: Int64

    /// Microseconds since the call began.
    var elapsed: Int64 { Self.now() &- start }

    init() {
        start = Self.now()
        last = start
        stages.reserveCapacity(8)
    }

    /// Ends the stage that runs now.
    mutating func lap(_ stage: String) {
        let now = Self.now()
        stages.append((stage, now &- last))
        last = now
    }

    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000
    }
}
