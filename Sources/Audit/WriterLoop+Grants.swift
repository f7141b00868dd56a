import OpenSSL
import Postgres

/// What a batch may need besides its rows.
extension WriterLoop {
    /// Uses the grants of the batch, and takes calls out of it whose grant is not there.
    mutating func consumeGrants(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        // In one order everywhere, so that two writers cannot wait for each other.
        let wanted = batch.indices.filter { batch[$0].grant != nil }.sorted {
            (batch[$0].grant?.approvalID.description ?? "") < (batch[$1].grant?.approvalID.description ?? "")
        }
        guard !wanted.isEmpty else { return }
        for index in wanted {
            guard let grant = batch[index].grant else { continue }
            try connection?.queue(
                prepared: "consume",
                [
                    .text(grant.approvalID.description), .bytes(grant.fingerprint.bytes),
                    .text(batch[index].record.id.description),
                ]
            )
        }
        try connection?.requestAnswers()
        var refused: [Int] = []
        for index in wanted {
            guard let answer = try connection?.nextAnswer(by: deadline) else { throw .connectionLost }
            switch consume answer {
            case .result(let rows):
                if try rows.bool(0, 0) != true { refused.append(index) }
            case .failed(let error):
                try connection?.synchronise()
                try? readToSynchronisation(by: deadline)
                throw error
            case .synchronised: throw .unexpectedResult("a synchronisation point that nobody set")
            }
        }
        for index in refused.sorted(by: >) {
            _ = batch.remove(at: index).waiter?.finish(.failure(.grantRefused))
            // Had an earlier attempt been committed, its consumption would have been confirmed.
            isUnresolved = false
        }
    }

    /// Takes the record that the server will never store out of the batch.
    mutating func refuse(at index: Int, _ error: PostgresError) {
        guard let state = error.sqlState, batch.indices.contains(index) else { return }
        // Partitions that were made a moment ago are not what is missing.
        if state == .noPartition, nextPartitions < .now + .seconds(3590) {
            nextPartitions = .now
            return
        }
        if state == .uniqueViolation {
            isUnresolved = true
            return
        }
        guard state.errorClass == "22" || state.errorClass == "23" else { return }
        let refused = batch.remove(at: index)
        if let waiter = refused.waiter { _ = waiter.finish(.failure(.recordRefused(state))) }
        var event = EventRecord(
            .administrative,
            id: .make(),
            time: .now(),
            message: "a record was refused by PostgreSQL"
        )
        event.detail = [
            ("kind", .text(refused.record.kind.rawValue)), ("id", .text(refused.record.id.description)),
            ("sqlstate", .text(state.code)),
        ]
        queue.push(QueuedRecord(record: event.encoded()))
    }

    /// Signs the chain of what happens inside the database, which nobody else could.
    mutating func signDatabaseChain(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard let key = settings.checkpointKey else { return }
        try connection?.queue("SELECT sequence, hash FROM postern_audit.database_head()")
        try connection?.synchronise()
        guard let answer = try connection?.nextAnswer(by: deadline) else { throw .connectionLost }
        var head: ChainHead?
        if case .result(let rows) = consume answer, let sequence = try rows.integer(0, 0),
            let hash = SHA256Digest(bytes: try rows.bytes(0, 1) ?? [])
        {
            head = ChainHead(writer: .databaseChain, sequence: sequence, hash: hash)
        }
        try readToSynchronisation(by: deadline)
        guard let head, let checkpoint = Checkpoint(of: head, at: .now(), key: key) else { return }
        try connection?.queue(prepared: "checkpoint", checkpoint.parameters)
        try connection?.synchronise()
        try readToSynchronisation(by: deadline)
        for sink in settings.checkpointSinks { sink.offer([.checkpoint(checkpoint)]) }
    }
}

extension SQLState {
    /// `check_violation`, which also says that no partition takes the row.
    fileprivate static let noPartition = SQLState("23514")
}
