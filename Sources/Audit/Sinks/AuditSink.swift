import Dispatch
import Glibc
import Postgres
import Synchronization

/// A second place for what is on record: a file, a syslog server, or whatever takes checkpoints.
///
/// Takes what PostgreSQL has stored, on a thread of its own. The queue is bounded and nobody ever waits for it: what finds
/// no room is counted, and a line `sink_dropped` says how many are missing from that point on.
public final class AuditSink: Sendable {
    /// Where lines go.
    public enum Destination: Sendable {
        /// The file, one JSON object a line.
        case file(String)
        /// The server, one JSON object a message.
        case syslog(SyslogAddress)
        /// Whatever the closure does with a checkpoint; it returns whether that is done. Records do not go there.
        case upload(name: String, @Sendable (Checkpoint) -> Bool)
    }

    /// What is handed over.
    enum Item: Sendable {
        case record(EncodedRecord)
        case checkpoint(Checkpoint)
        /// So many items found no room before the next one.
        case dropped(Int)
    }

    private struct State {
        var items: [Item] = []
        /// Items that found no room since the last one that did.
        var missing = 0
        var droppedCount = 0
        var writtenCount = 0
        var isIdle = false
        var isClosing = false
    }

    /// The destination in words, for metrics and logs.
    public let name: String
    private let limit: Int
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the sink's thread; `limit` is the most items that wait.
    public init(_ destination: Destination, limit: Int = 10_000) {
        switch destination {
        case .file(let path): name = "file:\(path)"
        case .syslog(let address): name = address.description
        case .upload(let name, _): self.name = name
        }
        self.limit = limit
        let isStarted = DatabaseThread.start { [self] in
            var delivery = SinkDelivery(destination)
            while let items = take() { deliver(items, by: &delivery) }
            ended.signal()
        }
        if !isStarted { ended.signal() }
    }

    /// How many items were taken by the destination.
    public var written: Int { state.withLock(\.writtenCount) }

    /// How many items found no room, or could never be sent.
    public var dropped: Int { state.withLock(\.droppedCount) }

    /// Hands over items in order; never blocks.
    func offer(_ items: [Item]) {
        guard !items.isEmpty else { return }
        let wakes = state.withLock { state in
            for item in items {
                guard state.items.count < limit else {
                    state.missing += 1
                    state.droppedCount += 1
                    continue
                }
                if state.missing > 0 {
                    state.items.append(.dropped(state.missing))
                    state.missing = 0
                }
                state.items.append(item)
            }
            defer { state.isIdle = false }
            return state.isIdle
        }
        if wakes { work.signal() }
    }

    /// Sends what is left, for as long as `limit`.
    func close(within limit: Duration) {
        state.withLock { $0.isClosing = true }
        work.signal()
        _ = ended.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1))))
    }

    private func take() -> [Item]? {
        while true {
            let (items, isClosing) = state.withLock { state in
                defer { state.items.removeAll(keepingCapacity: true) }
                state.isIdle = state.items.isEmpty
                return (state.items, state.isClosing)
            }
            if !items.isEmpty { return items }
            if isClosing { return nil }
            work.wait()
        }
    }

    /// Delivers all of them, and tries for as long as it takes; newer ones find no room meanwhile.
    private func deliver(_ items: [Item], by delivery: inout SinkDelivery) {
        var rest = items[...]
        var delay: UInt32 = 50_000
        while !rest.isEmpty {
            let result = delivery.deliver(rest)
            rest = rest.dropFirst(result.done)
            state.withLock { state in
                state.writtenCount += result.done - result.lost
                state.droppedCount += result.lost
            }
            if result.done > 0 { delay = 50_000 }
            guard !rest.isEmpty, result.done == 0 else { continue }
            // The process ends: what cannot be sent now never will be.
            if state.withLock(\.isClosing) { return }
            usleep(delay)
            delay = min(delay * 2, 2_000_000)
        }
    }
}

/// The sink thread's way to its destination.
private struct SinkDelivery: ~Copyable {
    /// Longest piece of a file's lines that is written at once.
    private static let pieceLimit = 1 << 18

    private let destination: AuditSink.Destination
    private var appender: FileAppender?
    private var sender: SyslogSender?

    init(_ destination: AuditSink.Destination) {
        self.destination = destination
        switch destination {
        case .file(let path): appender = FileAppender(path)
        case .syslog(let address): sender = SyslogSender(to: address, messageID: "audit")
        case .upload: break
        }
    }

    /// Delivers from the front; `done` items are dealt with, of which `lost` could never be sent.
    mutating func deliver(_ items: ArraySlice<AuditSink.Item>) -> (done: Int, lost: Int) {
        switch destination {
        case .file: (append(items), 0)
        case .syslog: send(items)
        case .upload(_, let upload): (put(items, by: upload), 0)
        }
    }

    private mutating func append(_ items: ArraySlice<AuditSink.Item>) -> Int {
        var lines: [UInt8] = []
        var count = 0
        for item in items {
            lines.append(contentsOf: item.line)
            lines.append(UInt8(ascii: "\n"))
            count += 1
            if lines.count > Self.pieceLimit { break }
        }
        return appender?.append(lines) == true ? count : 0
    }

    private mutating func send(_ items: ArraySlice<AuditSink.Item>) -> (done: Int, lost: Int) {
        var (done, lost) = (0, 0)
        for item in items {
            switch sender?.send(item.line) ?? .unavailable {
            case .sent: done += 1
            case .impossible: (done, lost) = (done + 1, lost + 1)
            case .unavailable: return (done, lost)
            }
        }
        return (done, lost)
    }

    private func put(_ items: ArraySlice<AuditSink.Item>, by upload: (Checkpoint) -> Bool) -> Int {
        var done = 0
        for item in items {
            if case .checkpoint(let checkpoint) = item, !upload(checkpoint) { break }
            done += 1
        }
        return done
    }
}

extension AuditSink.Item {
    /// The item as one line of JSON.
    fileprivate var line: [UInt8] {
        switch self {
        case .record(let record): return RecordLine.json(of: record)
        case .checkpoint(let checkpoint): return Array(checkpoint.line.utf8)
        case .dropped(let count):
            let text = #"{"ts":"\#(AuditTime.now())","kind":"sink","event":"sink_dropped","repeated":\#(count)}"#
            return Array(text.utf8)
        }
    }
}
