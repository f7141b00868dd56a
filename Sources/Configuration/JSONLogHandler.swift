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
        var line = #"{"time":""# + UnixTime.current().description
        line += #"","level":"\#(event.level.rawValue)","program":"#
        line += JSONText.quoted(label) + #","message":"# + JSONText.quoted(event.message.description)
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += "," + JSONText.quoted(key) + ":" + JSONText.quoted(value.description)
        }
        line += "}\n"
        _ = unsafe write(STDERR_FILENO, line, line.utf8.count)
    }
}
