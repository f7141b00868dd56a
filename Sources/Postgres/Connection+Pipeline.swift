import CLibpq

/// What a pipeline answers next.
public enum PipelineAnswer: ~Copyable {
    /// One statement was done.
    case result(QueryResult)
    /// One statement failed or was skipped; the transaction is rolled back.
    case failed(PostgresError)
    /// The server reached a synchronisation point: what succeeded since the last one is committed.
    case synchronised
}

extension Connection {
    /// Switches to pipeline mode: statements are queued, and answered in order.
    ///
    /// All statements between two synchronisation points are one transaction unless they say otherwise.
    public mutating func enterPipeline() throws(PostgresError) {
        try checkUsable()
        guard unsafe PQenterPipelineMode(handle) == 1 else { throw .unexpectedResult("the connection is busy") }
    }

    /// Leaves pipeline mode; every answer must have been taken.
    public mutating func exitPipeline() throws(PostgresError) {
        try checkUsable()
        guard unsafe PQexitPipelineMode(handle) == 1 else { throw .unexpectedResult("answers are outstanding") }
    }

    /// Queues an execution of a prepared statement.
    public mutating func queue(prepared name: String, _ parameters: Parameters) throws(PostgresError) {
        try unsafe send(parameters) { [handle] (count, values, lengths, formats) in
            unsafe PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
        }
    }

    /// Queues a statement.
    public mutating func queue(_ sql: String, _ parameters: Parameters = []) throws(PostgresError) {
        try unsafe send(parameters) { [handle] (count, values, lengths, formats) in
            unsafe PQsendQueryParams(handle, sql, count, nil, values, lengths, formats, 0)
        }
    }

    /// Asks the server to answer what was queued so far, without ending the transaction.
    public mutating func requestAnswers() throws(PostgresError) {
        try checkUsable()
        guard unsafe PQsendFlushRequest(handle) == 1 else { throw broken(.connectionLost) }
    }

    /// Marks a synchronisation point, which commits.
    public mutating func synchronise() throws(PostgresError) {
        try checkUsable()
        guard unsafe PQpipelineSync(handle) == 1 else { throw broken(.connectionLost) }
    }

    /// The next answer, in the order of what was queued.
    public mutating func nextAnswer(by deadline: ContinuousClock.Instant) throws(PostgresError) -> PipelineAnswer {
        try checkUsable()
        // libpq puts one nil between the results of two statements; two in a row mean that nothing was queued.
        for _ in 0..<2 {
            guard let result = try unsafe nextHandle(by: deadline) else {
                if unsafe PQstatus(handle) == CONNECTION_BAD { throw broken(.connectionLost) }
                continue
            }
            if unsafe PQresultStatus(result) == PGRES_PIPELINE_SYNC {
                unsafe PQclear(result)
                return .synchronised
            }
            do {
                return .result(try unsafe QueryResult(owning: result))
            } catch {
                if unsafe error == .connectionLost || PQstatus(handle) == CONNECTION_BAD {
                    throw broken(.connectionLost)
                }
                return .failed(error)
            }
        }
        throw .unexpectedResult("no answer is outstanding")
    }
}
