import Glibc
import Identity
public import Logging

/// Writes one JSON object a line to standard error, for journald and log shippers.
public struct JSONLogHandler: LogHandler {
    /// The least severe level that is written.
    public var logLevel: Logger.Level = .info
    /// Fields of every line.
    public var metadata: Logger.Metadata = [:]
    private let label: String

    /// Makes the handler of one program.
    public init(label: String) {
        self.label = label
    }

    /// Makes every logger of the process write in this form.
    public static func bootstrap() {
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
    }

    /// One field of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line in one call, so that lines of several threads never mix.
    public func log(event: LogEvent) {
        var line: [UInt8] = []
        line.reserveCapacity(768)
        line.append(contentsOf: #"{"time":""#.utf8)
        line.append(contentsOf: UnixTime.current().description.utf8)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: event.level.rawValue.utf8)
        line.append(contentsOf: #"","program":"#.utf8)
        JSONText.append(quoted: label, to: &line)
        line.append(contentsOf: #","message":"#.utf8)
        JSONText.append(quoted: event.message.description, to: &line)
        let more = event.metadata ?? [:]
        let fields = metadata.isEmpty ? more : metadata.merging(more) { _, new in new }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line.append(UInt8(ascii: ","))
            JSONText.append(quoted: key, to: &line)
            line.append(UInt8(ascii: ":"))
            JSONText.append(quoted: value.description, to: &line)
        }
        line.append(contentsOf: "}\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
