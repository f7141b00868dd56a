import Glibc
import OpenSSL
import Postgres

/// The writer's thread: takes what has queued, chains it, stores it in one transaction, tells who waits.
///
/// A batch whose commit is unknown is stored again, byte for byte, on a new connection: rows that are there already stay
/// (`ON CONFLICT DO NOTHING`), grants that it consumed already count as consumed by it. So the chain cannot fork.
struct WriterLoop: ~Copyable {
    let writer: RecordID
    let settings: AuditWriter.Settings
    let queue: RecordQueue
    var connection: Connection?
    var head: ChainHead
    /// What is being stored.
    var batch: [QueuedRecord] = []
    /// Whether an earlier attempt at the batch may have been committed.
    var isUnresolved = false
    /// Whether the server refused the batch when it came by COPY: statement by statement it says which record it is.
    var hasRefusedCopy = false
    var isFailing = false
    var delay = Duration.milliseconds(20)
    var checkpoints: CheckpointSchedule
    var nextPartitions = ContinuousClock.now

    init(writer: RecordID, settings: AuditWriter.Settings, queue: RecordQueue) {
        self.writer = writer
        self.settings = settings
        self.queue = queue
        head = ChainHead(writer: writer)
        checkpoints = CheckpointSchedule(every: settings.checkpointInterval)
    }

    mutating func run() {
        batch = [marker(.writerStarted)]
        var hasStopped = false
        while !queue.isEnded {
            if batch.isEmpty {
                // While nothing can be stored, intents are refused before they queue: then it is on us to try again.
                let patience = isFailing ? Duration.zero : .seconds(10)
                batch = queue.take(atMost: settings.batchLimit, until: min(checkpoints.next, .now + patience))
                noteLosses()
            }
            if batch.isEmpty, queue.isClosing {
                if hasStopped { break }
                batch = [marker(.writerStopped)]
                hasStopped = true
                checkpoints.makeDue()
            }
            attempt()
        }
        connection = nil
        queue.end()
    }

    /// Stores the batch; an empty one shows whether PostgreSQL is there.
    private mutating func attempt() {
        let (start, count) = (ContinuousClock.now, batch.count)
        do throws(PostgresError) {
            try connect()
            try store()
            delay = .milliseconds(20)
            isFailing = false
            queue.noteSuccess()
            queue.metrics.committed(count, since: start)
        } catch {
            isFailing = true
            queue.noteFailure()
            queue.metrics.failed(since: start)
            if connection?.isBroken ?? true { connection = nil }
            dropAbandoned()
            pause()
        }
    }

    private mutating func connect() throws(PostgresError) {
        if connection == nil {
            var connection = try Connection(
                settings.database,
                user: settings.user,
                applicationName: "postern audit \(settings.instance)",
                timeout: settings.deadline
            )
            // A site may have switched durability off for the role; audit needs it.
            _ = try connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
            )
            _ = try connection.execute("SELECT set_config('lock_timeout', '1s', false)")
            for kind in RecordKind.allCases {
                for ignoring in [false, true] {
                    try connection.prepare(
                        kind.rawValue + (ignoring ? " again" : ""),
                        kind.statement(ignoringConflicts: ignoring),
                        types: kind.parameterTypes
                    )
                }
            }
            try connection.prepare("checkpoint", Checkpoint.insertion)
            try connection.prepare("consume", "SELECT postern.consume_grant($1, $2, $3)", types: [2950, 17, 2950])
            try connection.enterPipeline()
            self.connection = consume connection
            nextPartitions = .now
        }
        if ContinuousClock.now >= nextPartitions {
            try makePartitions()
        }
    }

    private mutating func makePartitions() throws(PostgresError) {
        let deadline = ContinuousClock.now + settings.deadline
        try connection?.queue("SELECT postern_audit.make_partitions(7)")
        try connection?.synchronise()
        try readToSynchronisation(by: deadline)
        nextPartitions = .now + .seconds(3600)
    }

    /// Stores the batch and, where one is due, a checkpoint.
    private mutating func store() throws(PostgresError) {
        let deadline = ContinuousClock.now + settings.deadline
        try consumeGrants(by: deadline)
        var head = head
        var receipts: [AuditReceipt] = []
        receipts.reserveCapacity(batch.count)
        for index in batch.indices {
            let hash = batch[index].record.chain(writer: writer, sequence: head.sequence + 1, after: head.hash)
            head = ChainHead(writer: writer, sequence: head.sequence + 1, hash: hash)
            receipts.append(AuditReceipt(writer: writer, sequence: head.sequence, hash: hash))
        }
        let checkpoint = dueCheckpoint(of: head)
        if canCopy(with: checkpoint) {
            try copyBatch(by: deadline)
        } else {
            try insertBatch(and: checkpoint, by: deadline)
        }
        self.head = head
        finish(receipts)
        if checkpoints.isDue(at: head.sequence) { checkpoints.done(at: head.sequence) }
        if let checkpoint {
            queue.metrics.checkpointed()
            for sink in settings.checkpointSinks { sink.offer([.checkpoint(checkpoint)]) }
            try signDatabaseChain(by: .now + settings.deadline)
        }
    }

    private mutating func insertBatch(
        and checkpoint: Checkpoint?,
        by deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        for queued in batch {
            let record = queued.record
            try connection?.queue(
                prepared: isUnresolved ? record.kind.rawValue + " again" : record.kind.rawValue,
                Parameters(storage: record.bytes, fields: record.fields)
            )
        }
        if let checkpoint { try connection?.queue(prepared: "checkpoint", checkpoint.parameters) }
        do throws(PostgresError) {
            try connection?.synchronise()
            try readToSynchronisation(by: deadline, isBatch: true)
        } catch {
            if connection?.isBroken ?? true { isUnresolved = true }
            throw error
        }
    }

    /// Reads the answers of what was queued; throws the first failure, after which the transaction is rolled back.
    mutating func readToSynchronisation(
        by deadline: ContinuousClock.Instant,
        isBatch: Bool = false
    ) throws(PostgresError) {
        var failure: PostgresError?
        var index = 0
        reading: while true {
            guard let answer = try connection?.nextAnswer(by: deadline) else { throw .connectionLost }
            switch consume answer {
            case .result: index += 1
            case .failed(let error):
                if failure == nil, error != .pipelineAborted {
                    failure = error
                    if isBatch { refuse(at: index, error) }
                }
            case .synchronised: break reading
            }
        }
        if let failure { throw failure }
    }

    private mutating func finish(_ receipts: [AuditReceipt]) {
        for sink in settings.recordSinks { sink.offer(batch.map { .record($0.record) }) }
        for (record, receipt) in zip(batch, receipts) {
            guard let waiter = record.waiter, !waiter.finish(.success(receipt)), record.record.kind == .intent else {
                continue
            }
            var outcome = OutcomeRecord(id: record.record.id, time: .now())
            outcome.status = 503
            outcome.errorCode = "AuditDeadlineExceeded"
            outcome.message = "refused, never forwarded: the intent became durable too late"
            queue.push(QueuedRecord(record: outcome.encoded()))
        }
        batch = []
        isUnresolved = false
        hasRefusedCopy = false
    }

    /// After a certain rollback, intents whose callers gave up need no record.
    private mutating func dropAbandoned() {
        guard !isUnresolved else { return }
        batch.removeAll { $0.waiter?.isAbandoned ?? false }
    }

    private func dueCheckpoint(of head: ChainHead) -> Checkpoint? {
        guard checkpoints.isDue(at: head.sequence) else { return nil }
        return settings.checkpointKey.flatMap { Checkpoint(of: head, at: .now(), key: $0) }
    }

    private mutating func noteLosses() {
        batch += queue.dueSummaries().map { QueuedRecord(record: $0.encoded()) }
        let count = queue.takeLostCount()
        guard count > 0 else { return }
        var event = EventRecord(.summarised, id: .make(), time: .now(), message: "records found no room in the queue")
        event.repeated = count
        batch.append(QueuedRecord(record: event.encoded()))
    }

    private func marker(_ event: EventRecord.Event) -> QueuedRecord {
        var record = EventRecord(event, id: .make(), time: .now())
        record.detail = [("instance", .text(settings.instance)), ("pid", .number(Int64(getpid())))]
        return QueuedRecord(record: record.encoded())
    }

    private mutating func pause() {
        let jitter = Double.random(in: 0.5...1)
        let (seconds, attoseconds) = (delay * jitter).components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        unsafe nanosleep(&time, nil)
        delay = min(delay * 2, .milliseconds(500))
    }
}
