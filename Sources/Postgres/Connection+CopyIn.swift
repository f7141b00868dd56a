import CLibpq

extension Connection {
    /// Runs a `COPY ... FROM STDIN` statement with all of its data, in a transaction of its own.
    ///
    /// Works in pipeline mode too, where no answer may be outstanding. A failure that leaves the connection usable means
    /// that nothing was stored.
    public mutating func copyIn(
        _ sql: String,
        _ data: Span<UInt8>,
        by deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        try checkUsable()
        let isInPipeline = unsafe PQpipelineStatus(handle) != PQ_PIPELINE_OFF
        if isInPipeline { try exitPipeline() }
        guard unsafe PQsendQuery(handle, sql) == 1 else { throw broken(.connectionLost) }
        let failure: PostgresError?
        do throws(PostgresError) {
            try sendCopy(data, by: deadline)
            failure = nil
        } catch {
            failure = error
        }
        if let failure {
            if isInPipeline, !isBroken { try enterPipeline() }
            throw failure
        }
        if isInPipeline { try enterPipeline() }
    }

    private mutating func sendCopy(_ data: Span<UInt8>, by deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard let first = try unsafe nextHandle(by: deadline) else { throw broken(.connectionLost) }
        guard unsafe PQresultStatus(first) == PGRES_COPY_IN else {
            var failure = PostgresError.unexpectedResult("not a COPY FROM STDIN")
            do {
                _ = try unsafe QueryResult(owning: first).rowCount
            } catch {
                failure = error
            }
            while let rest = try unsafe nextHandle(by: deadline) { unsafe PQclear(rest) }
            throw failure
        }
        unsafe PQclear(first)
        var position = 0
        while position < data.count {
            // Pieces, so that libpq's buffer does not grow to twice the data.
            let end = min(position + 65_536, data.count)
            let sent = unsafe data.extracting(position..<end).withUnsafeBytes { piece in
                unsafe PQputCopyData(
                    handle,
                    piece.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(truncatingIfNeeded: piece.count)
                )
            }
            switch sent {
            case 1: position = end
            case 0: try flush(by: deadline)
            default: throw broken(.connectionLost)
            }
        }
        while true {
            let ended = unsafe PQputCopyEnd(handle, nil)
            if ended == 1 { break }
            guard ended == 0 else { throw broken(.connectionLost) }
            try flush(by: deadline)
        }
        _ = try finishStatement(by: deadline)
    }
}
