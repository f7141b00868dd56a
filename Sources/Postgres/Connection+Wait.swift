import CLibpq
import Glibc

extension Connection {
    typealias Sender = (
        Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Int32

    func checkUsable() throws(PostgresError) {
        if isBroken { throw .connectionLost }
    }

    /// Marks the connection unusable and returns `error`, to be thrown.
    mutating func broken(_ error: PostgresError) -> PostgresError {
        isBroken = true
        return error
    }

    /// Lends the parameters to libpq, which copies them into its send buffer.
    mutating func send(_ parameters: Parameters, _ call: Sender) throws(PostgresError) {
        try checkUsable()
        guard !parameters.containsNUL else { throw .textContainsNUL }
        let count = parameters.fields.count
        let sent = unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
            unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                unsafe parameters.storage.withUnsafeBytes { storage in
                    for (index, field) in parameters.fields.enumerated() {
                        let isInside =
                            field.count >= 0 && field.start >= 0 && field.start <= storage.count
                            && field.count <= storage.count - field.start
                        let address = isInside ? storage.baseAddress : nil
                        // A value of no bytes in an empty buffer still needs an address: a nil one means NULL.
                        let pointer =
                            unsafe isInside && address == nil
                            ? UnsafeRawPointer(values.baseAddress) : address.map { unsafe $0 + field.start }
                        unsafe values.initializeElement(
                            at: index,
                            to: pointer.map { unsafe $0.assumingMemoryBound(to: CChar.self) }
                        )
                        unsafe numbers.initializeElement(at: index, to: Int32(truncatingIfNeeded: max(field.count, 0)))
                        unsafe numbers.initializeElement(at: count + index, to: field.isBinary ? 1 : 0)
                    }
                    let lengths = unsafe UnsafePointer(numbers.baseAddress)
                    return unsafe call(
                        Int32(truncatingIfNeeded: count),
                        UnsafePointer(values.baseAddress),
                        lengths,
                        lengths.map { unsafe $0 + count }
                    )
                }
            }
        }
        guard sent == 1 else { throw broken(.connectionLost) }
    }

    /// Reads all results of the statement that was sent; returns the last, throws the first error.
    mutating func finishStatement(by deadline: ContinuousClock.Instant) throws(PostgresError) -> QueryResult {
        var last: QueryResult?
        var failure: PostgresError?
        while let handle = try unsafe nextHandle(by: deadline) {
            do {
                last = try unsafe QueryResult(owning: handle)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure {
            if failure == .connectionLost { isBroken = true }
            throw failure
        }
        guard let result = last.take() else { throw broken(.connectionLost) }
        return result
    }

    /// The next `PGresult` in order, or nil where libpq has none.
    mutating func nextHandle(by deadline: ContinuousClock.Instant) throws(PostgresError) -> OpaquePointer? {
        try flush(by: deadline)
        while unsafe PQisBusy(handle) == 1 {
            try awaitInput(by: deadline)
        }
        return unsafe PQgetResult(handle)
    }

    /// Sends what is buffered, reading meanwhile so that neither side waits for the other for ever.
    mutating func flush(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            switch unsafe PQflush(handle) {
            case 0: return
            case 1:
                guard let ready = unsafe Readiness.events(POLLIN | POLLOUT, on: PQsocket(handle), by: deadline) else {
                    throw broken(.deadlineExceeded)
                }
                if ready & Int16(POLLIN) != 0, unsafe PQconsumeInput(handle) == 0 { throw broken(.connectionLost) }
            default: throw broken(.connectionLost)
            }
        }
    }

    /// Waits for bytes from the server and takes them in.
    mutating func awaitInput(by deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard unsafe Readiness.wait(for: POLLIN, on: PQsocket(handle), by: deadline) else {
            throw broken(.deadlineExceeded)
        }
        guard unsafe PQconsumeInput(handle) == 1 else { throw broken(.connectionLost) }
    }
}

/// Waiting for a socket, with a deadline on the monotonic clock.
enum Readiness {
    /// Waits until the socket is ready for one of `events`; false where the deadline came first.
    static func wait(for events: Int32, on socket: Int32, by deadline: ContinuousClock.Instant) -> Bool {
        self.events(events, on: socket, by: deadline) != nil
    }

    /// What of `events` the socket is ready for (poll(2)'s `revents`); nil where the deadline came first.
    static func events(_ events: Int32, on socket: Int32, by deadline: ContinuousClock.Instant) -> Int16? {
        guard socket >= 0 else { return Int16(POLLERR) }
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            var descriptor = pollfd(fd: socket, events: Int16(truncatingIfNeeded: events), revents: 0)
            let count = unsafe poll(&descriptor, 1, left.pollMilliseconds)
            if count > 0 { return descriptor.revents }
            if count == 0, left <= .milliseconds(1) { return nil }
            if count < 0, errno != EINTR { return Int16(POLLERR) }
        }
    }
}

extension Duration {
    /// Whole milliseconds for poll(2), rounded up, between 0 and a minute.
    fileprivate var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        if seconds >= 60 { return 60_000 }
        if seconds < 0 || attoseconds < 0 { return 0 }
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
