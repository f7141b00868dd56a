import Glibc

extension MetricsPage {
    /// Writes what every program says of itself: its build, when it started, its memory.
    ///
    /// Names without `postern_` are those of Prometheus' own client libraries ("Writing client libraries", process
    /// metrics).
    public mutating func process(_ program: String, version: String, started: Int) {
        gauge("postern_build_info", help: "The program.", 1, labels: [("program", program), ("version", version)])
        gauge("process_start_time_seconds", help: "Start of the process since the epoch.", started)
        if let resident = Self.residentBytes() {
            gauge("process_resident_memory_bytes", help: "Resident memory.", resident)
        }
    }

    /// Writes what a server's threads do.
    public mutating func threads(limit: Int, _ states: [(state: String, count: Int)]) {
        begin("postern_threads", help: "Threads by what they do now.", type: "gauge")
        for (state, count) in states { sample("postern_threads", [("state", state)], String(count)) }
        gauge("postern_threads_limit", help: "Threads that take requests.", limit)
    }

    /// The second field of /proc/self/statm, in pages (proc(5)).
    private static func residentBytes() -> Int? {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        let fields = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages &* sysconf(Int32(_SC_PAGESIZE))
    }
}
