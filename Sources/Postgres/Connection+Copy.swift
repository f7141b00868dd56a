import CLibpq

extension Connection {
    /// Streams the rows of a `COPY ... TO STDOUT` statement; the deadline is for each wait, not for the whole.
    ///
    /// `receive` gets each piece as the server sent it (for both formats one row; the binary form's header comes with
    /// the first row) and returns false to stop, which closes the connection: the server would go on sending.
    public mutating func copyOut(_ sql: String, receive: (Span<UInt8>) -> Bool) throws(PostgresError) {
        try checkUsable()
        guard unsafe PQsendQuery(handle, sql) == 1 else { throw broken(.connectionLost) }
        guard let first = try unsafe nextHandle(by: ContinuousClock.now + timeout) else {
            throw broken(.connectionLost)
        }
        guard unsafe PQresultStatus(first) == PGRES_COPY_OUT else {
            var failure = PostgresError.unexpectedResult("not a COPY TO STDOUT")
            do {
                _ = try unsafe QueryResult(owning: first).rowCount
            } catch {
                failure = error
            }
            while let rest = try unsafe nextHandle(by: ContinuousClock.now + timeout) { unsafe PQclear(rest) }
            throw failure
        }
        unsafe PQclear(first)
        var buffer: UnsafeMutablePointer<CChar>?
        while true {
            let count = unsafe PQgetCopyData(handle, &buffer, 1)
            if count == 0 {
                try awaitInput(by: ContinuousClock.now + timeout)
                continue
            }
            guard count > 0, let start = unsafe buffer else { break }
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: Int(count)).bindMemory(to: UInt8.self)
            let goesOn = unsafe receive(bytes.span)
            unsafe PQfreemem(start)
            guard goesOn else {
                isBroken = true
                return
            }
        }
        _ = try finishStatement(by: ContinuousClock.now + timeout)
    }
}
