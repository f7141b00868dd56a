import PrivateCluster
import Synchronization
import Testing

@testable import Postgres

@Suite("Connection", .enabled(if: PrivateCluster.isAvailable, "\(PrivateCluster.whyUnavailable)"))
struct ConnectionTests {
    let conninfo: String

    init() throws {
        conninfo = try PrivateCluster.shared.get().makeDatabase()
    }

    func connect(timeout: Duration = .seconds(5)) throws -> Connection {
        try Connection(conninfo, user: "postgres", timeout: timeout)
    }

    @Test("Reads back every kind of parameter")
    func readsBack() throws {
        var connection = try connect()
        let rows = try connection.execute(
            "SELECT $1::text, $2::bigint, $3::bool, $4::bytea, $5::text[], $6::text, $7::bytea",
            [
                .text("é'\\\""), .integer(.min), .bool(true), .bytes([0, 255, 92]),
                .texts(["a,b", "", "\"\\{}", "NULL"]), .null, .bytes([]),
            ]
        )
        #expect(try rows.text(0, 0) == "é'\\\"")
        #expect(try rows.integer(0, 1) == .min)
        #expect(try rows.bool(0, 2) == true)
        #expect(try rows.bytes(0, 3) == [0, 255, 92])
        #expect(try rows.texts(0, 4) == ["a,b", "", "\"\\{}", "NULL"])
        #expect(try rows.text(0, 5) == nil)
        #expect(try rows.bytes(0, 6) == [])
    }

    @Test("Refuses cells that are not there or of another type")
    func refusesWrongCells() throws {
        var connection = try connect()
        let rows = try connection.execute("SELECT 'x' AS a")
        #expect(throws: PostgresError.unexpectedResult("no row 1, column 0")) { try rows.text(1, 0) }
        #expect(throws: PostgresError.unexpectedResult("no row 0, column -1")) { try rows.text(0, -1) }
        #expect(throws: PostgresError.unexpectedResult("column 0 is not an integer")) { try rows.integer(0, 0) }
        #expect(throws: PostgresError.unexpectedResult("column 0 is not a boolean")) { try rows.bool(0, 0) }
        #expect(throws: PostgresError.unexpectedResult("column 0 is not a bytea in hex format")) {
            try rows.bytes(0, 0)
        }
        #expect(throws: PostgresError.unexpectedResult("column 0 is not a text array")) { try rows.texts(0, 0) }
        #expect(throws: PostgresError.unexpectedResult("no column b")) { try rows.column("b") }
    }

    @Test("Refuses U+0000 in text before anything is sent")
    func refusesNUL() throws {
        var connection = try connect()
        #expect(throws: PostgresError.textContainsNUL) {
            _ = try connection.execute("SELECT $1::text", [.text("a\0b")]).rowCount
        }
        #expect(throws: PostgresError.textContainsNUL) {
            _ = try connection.execute("SELECT $1::text[]", [.texts(["a\0b"])]).rowCount
        }
        #expect(try connection.execute("SELECT 1").rowCount == 1)
    }

    @Test("Reports the SQLSTATE and stays usable")
    func reportsState() throws {
        var connection = try connect()
        #expect(throws: PostgresError.statementFailed(.init(sqlState: SQLState("22012"), message: "division by zero")))
        {
            _ = try connection.execute("SELECT 1 / 0").rowCount
        }
        #expect(try connection.execute("SELECT 1").integer(0, 0) == 1)
    }

    @Test("Refuses a connection string that is none, without repeating it")
    func refusesConnectionString() {
        #expect(throws: PostgresError.malformedConnectionString) {
            _ = try Connection("password 'hunter2").user
        }
    }

    @Test("Says why no connection came about, without the password")
    func refusesLogin() throws {
        let text = failure(of: { () throws(PostgresError) in
            let connection = try Connection("\(conninfo) password=hunter2", user: "nobody-of-that-name")
            return connection.user
        })
        #expect(text.contains("does not exist"))
        #expect(!text.contains("hunter2"))
    }

    /// The words of the connection failure that `connect` throws.
    private func failure(of connect: () throws(PostgresError) -> String) -> String {
        do {
            return try connect()
        } catch {
            guard case .connectionFailed(let text) = error else { return "\(error)" }
            return text
        }
    }

    @Test("Gives up on a slow statement at its deadline, and the connection with it")
    func missesDeadline() throws {
        var connection = try connect()
        let start = ContinuousClock.now
        #expect(throws: PostgresError.deadlineExceeded) {
            _ = try connection.execute("SELECT pg_sleep(5)", within: .milliseconds(200)).rowCount
        }
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(throws: PostgresError.connectionLost) { _ = try connection.execute("SELECT 1").rowCount }
    }

    @Test("Cancels a statement from elsewhere")
    func cancels() throws {
        var connection = try connect()
        let cancellation = try connection.cancellation()
        #expect(
            DatabaseThread.start {
                for _ in 0..<50 {
                    _ = try? cancellation.cancel()
                    _ = try? Connection("host=/nonexistent")
                }
            }
        )
        do {
            _ = try connection.execute("SELECT pg_sleep(5)").rowCount
            Issue.record("was not cancelled")
        } catch {
            #expect(error.sqlState == .queryCanceled)
        }
    }

    @Test("Rolls back where the body throws, commits where it returns")
    func transacts() throws {
        var connection = try connect()
        try connection.run("CREATE TABLE t (a int PRIMARY KEY)")
        #expect(throws: PostgresError.self) {
            try connection.transaction { (connection) throws(PostgresError) in
                _ = try connection.execute("INSERT INTO t VALUES (1)")
                _ = try connection.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(try connection.execute("SELECT count(*) FROM t").integer(0, 0) == 0)
        try connection.transaction { (connection) throws(PostgresError) in
            _ = try connection.execute("INSERT INTO t VALUES (2)")
        }
        #expect(try connection.execute("SELECT count(*) FROM t").integer(0, 0) == 1)
    }

    @Test("Answers a pipeline in order; one failure rolls the whole back")
    func pipelines() throws {
        var connection = try connect()
        try connection.run("CREATE TABLE t (a int PRIMARY KEY)")
        try connection.prepare("insert", "INSERT INTO t VALUES ($1)")
        try connection.enterPipeline()
        for value in [1, 2, 2, 3] { try connection.queue(prepared: "insert", [.integer(Int64(value))]) }
        try connection.synchronise()
        var answers: [String] = []
        reading: while true {
            switch try connection.nextAnswer(by: .now + .seconds(5)) {
            case .result(let rows): answers.append("\(rows.affectedRows)")
            case .failed(let error): answers.append(error.sqlState?.code ?? "\(error)")
            case .synchronised: break reading
            }
        }
        #expect(answers == ["1", "1", "23505", "pipelineAborted"])
        #expect(throws: PostgresError.unexpectedResult("no answer is outstanding")) {
            _ = try connection.nextAnswer(by: .now + .seconds(1))
        }
        try connection.exitPipeline()
        #expect(try connection.execute("SELECT count(*) FROM t").integer(0, 0) == 0)
    }

    @Test("Sends a pipeline larger than every buffer without a deadlock")
    func pipelinesMuch() throws {
        var connection = try connect()
        try connection.run("CREATE TABLE t (a text)")
        try connection.enterPipeline()
        let text = String(repeating: "x", count: 10_000)
        for _ in 0..<1000 { try connection.queue("INSERT INTO t VALUES ($1)", [.text(text)]) }
        try connection.synchronise()
        var count = 0
        while case .result(let rows) = try connection.nextAnswer(by: .now + .seconds(10)) { count += rows.affectedRows }
        #expect(count == 1000)
    }

    @Test("Copies out in both forms, and reports a refusal")
    func copies() throws {
        var connection = try connect()
        var lines: [String] = []
        try connection.copyOut("COPY (SELECT * FROM generate_series(1, 3)) TO STDOUT") { piece in
            lines.append(String(decoding: (0..<piece.count).map { piece[$0] }, as: UTF8.self))
            return true
        }
        #expect(lines == ["1\n", "2\n", "3\n"])
        do {
            try connection.copyOut("COPY (SELECT 1 / 0) TO STDOUT") { _ in true }
            Issue.record("was not refused")
        } catch {
            #expect(error.sqlState == SQLState("22012"))
        }
        #expect(throws: PostgresError.unexpectedResult("not a COPY TO STDOUT")) {
            try connection.copyOut("SELECT 1") { _ in true }
        }
        try connection.copyOut("COPY (SELECT * FROM generate_series(1, 3)) TO STDOUT") { _ in false }
        #expect(throws: PostgresError.connectionLost) { _ = try connection.execute("SELECT 1").rowCount }
    }

    @Test("Hears a notification, and nothing where none comes")
    func hears() throws {
        var listener = try connect()
        var speaker = try connect()
        try listener.listen(to: "odd \"name")
        #expect(try listener.waitForNotification(within: .milliseconds(50)) == nil)
        _ = try speaker.execute("SELECT pg_notify('odd \"name', 'hello')")
        #expect(
            try listener.waitForNotification(within: .seconds(5))
                == Notification(channel: "odd \"name", payload: "hello")
        )
    }

    @Test("The listener says when it is connected, and what it hears")
    func listens() async throws {
        let (events, continuation) = AsyncStream<NotificationListener.Event>.makeStream()
        let listener = NotificationListener(conninfo, user: "postgres", channels: ["c"]) { continuation.yield($0) }
        defer { listener.stop() }
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == .connected)
        var speaker = try connect()
        _ = try speaker.execute("NOTIFY c, 'x'")
        #expect(await iterator.next() == .notification(Notification(channel: "c", payload: "x")))
        _ = try speaker.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern listener' AND datname = current_database()"
        )
        guard case .disconnected = await iterator.next() else {
            Issue.record("no word of the lost connection")
            return
        }
        #expect(await iterator.next() == .connected)
    }
}
