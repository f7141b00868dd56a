public import OpenSSL
import Postgres

/// Makes records durable: one chain, one thread and one connection a process.
///
/// Request threads hand over records and wait for the commit; whatever has queued meanwhile is the next batch and costs
/// one commit. While PostgreSQL is out of reach, intents are refused: within the deadline at first, at once after that.
public final class AuditWriter: Sendable {
    /// What a writer needs to know.
    public struct Settings: Sendable {
        /// libpq connection string.
        public var database: String
        /// Database role; nil takes the connection string's.
        public var user: String?
        /// Name of this process among the site's, such as `host worker-1`.
        public var instance: String
        /// Most intents, and most other records, that wait.
        public var queueLimit = 10_000
        /// Most records a transaction.
        public var batchLimit = 512
        /// How long an intent may take.
        public var deadline: Duration = .seconds(2)
        /// How often a checkpoint is signed; also after every 100,000 records.
        public var checkpointInterval: Duration = .seconds(60)
        /// The key that signs checkpoints; without it there are none.
        public var checkpointKey: Ed25519.PrivateKey?
        /// Second places for the records that are stored.
        public var recordSinks: [AuditSink] = []
        /// Places for checkpoints, outside of the database.
        public var checkpointSinks: [AuditSink] = []

        /// The defaults.
        public init(database: String, user: String? = nil, instance: String) {
            self.database = database
            self.user = user
            self.instance = instance
        }
    }

    /// The chain of this process.
    public let id: RecordID
    private let settings: Settings
    private let queue: RecordQueue

    /// Starts the writer's thread; connecting happens there, so a database that is away at start is waited for.
    public init(_ settings: Settings) {
        id = .make()
        self.settings = settings
        queue = RecordQueue(limit: settings.queueLimit, patience: settings.deadline)
        let (id, queue) = (id, queue)
        let isStarted = DatabaseThread.start {
            var loop = WriterLoop(writer: id, settings: settings, queue: queue)
            loop.run()
        }
        // A process that cannot make a thread refuses every intent.
        if !isStarted { queue.end() }
    }

    /// Makes an intent durable, and uses up its grant in the same transaction; blocks until the commit.
    ///
    /// Forward the call only where this returns.
    public func append(intent: IntentRecord, consuming grant: GrantUse? = nil) throws(AuditError) -> AuditReceipt {
        try appendAndWait(intent.encoded(), consuming: grant)
    }

    /// Makes an event durable; blocks until the commit.
    public func appendAndWait(event: EventRecord) throws(AuditError) -> AuditReceipt {
        try appendAndWait(event.encoded(), consuming: nil)
    }

    /// Hands over an outcome, which is retried until it is stored; never blocks.
    ///
    /// Intents are refused while outcomes pile up, so that there is room for the outcome of every call under way.
    public func append(outcome: OutcomeRecord) {
        queue.push(QueuedRecord(record: outcome.encoded()))
    }

    /// Hands over an event; never blocks.
    ///
    /// A flood of refusals is summarised: rows with `repeated` say how many of which were left out.
    public func append(event: EventRecord) {
        for event in queue.admit(event) { queue.push(QueuedRecord(record: event.encoded())) }
    }

    /// Whether PostgreSQL answered lately: what a readiness probe asks.
    public var isReady: Bool { queue.isReady }

    /// How many records wait to be written.
    public var queued: Int { queue.count }

    /// How long the oldest record waits that is not stored; zero where none waits.
    var lag: Duration { queue.lag }

    /// What the writer's thread counts.
    var metrics: AuditMetrics { queue.metrics }

    /// The second places for records.
    public var recordSinks: [AuditSink] { settings.recordSinks }

    /// The places for checkpoints.
    public var checkpointSinks: [AuditSink] { settings.checkpointSinks }

    /// Ends the chain in order: stores what is queued, for as long as `limit`, then refuses everything.
    ///
    /// Each sink has two seconds more for what it has not sent yet.
    public func close(within limit: Duration = .seconds(5)) {
        queue.close(within: limit)
        for sink in recordSinks + checkpointSinks { sink.close(within: .seconds(2)) }
    }

    private func appendAndWait(
        _ record: EncodedRecord,
        consuming grant: GrantUse?
    ) throws(AuditError) -> AuditReceipt {
        let waiter = CommitWaiter()
        try queue.pushAwaited(QueuedRecord(record: record, grant: grant, waiter: waiter))
        return try waiter.wait(for: settings.deadline)
    }
}
