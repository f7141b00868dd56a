import Glibc
import Postgres
import PrivateCluster
import Synchronization
import Testing

@testable import Audit

@Suite("Outages", .needsPostgres)
struct OutageTests {
    /// What the request threads know when all is over.
    struct Known {
        /// Calls that went on: their intents were confirmed.
        var forwarded: Set<String> = []
        /// Calls that were refused.
        var refused: Set<String> = []
        var longestWait = Duration.zero
    }

    /// Ten thousand calls and more while PostgreSQL crashes, restarts and hangs.
    @Test(
        "Every forwarded call has one intent and one outcome, whatever happens to PostgreSQL",
        .timeLimit(.minutes(3))
    )
    func survives() throws {
        let cluster = try PrivateCluster.makeAnother()
        defer { cluster.remove() }
        let conninfo = try cluster.makePosternDatabase()
        let writer = AuditWriter(.init(database: conninfo, user: "postern_worker", instance: "test"))
        let state = SharedState()
        for _ in 0..<8 {
            let isStarted = DatabaseThread.start {
                while !state.isOver.load(ordering: .relaxed) {
                    let intent = AuditFixture.intent()
                    let id = intent.id.description
                    let start = ContinuousClock.now
                    let isForwarded = (try? writer.append(intent: intent)) != nil
                    let waited = ContinuousClock.now - start
                    if isForwarded { writer.append(outcome: AuditFixture.outcome(of: intent.id)) }
                    state.known.withLock { known in
                        if isForwarded { known.forwarded.insert(id) } else { known.refused.insert(id) }
                        known.longestWait = max(known.longestWait, waited)
                    }
                    if !isForwarded { usleep(20_000) }
                }
                state.running.subtract(1, ordering: .relaxed)
            }
            #expect(isStarted)
        }
        usleep(500_000)
        for _ in 0..<3 {
            try cluster.stop("immediate")
            try cluster.start()
            usleep(400_000)
        }
        try cluster.signal(SIGSTOP)
        usleep(3_500_000)
        #expect(!writer.isReady)
        try cluster.signal(SIGCONT)
        usleep(700_000)
        try cluster.stop("fast")
        usleep(500_000)
        try cluster.start()
        let start = ContinuousClock.now
        while state.known.withLock({ $0.forwarded.count }) < 10_000, ContinuousClock.now - start < .seconds(60) {
            usleep(50_000)
        }
        state.isOver.store(true, ordering: .relaxed)
        while state.running.load(ordering: .relaxed) > 0 { usleep(10_000) }
        #expect(writer.isReady)
        writer.close(within: .seconds(20))

        let result = state.known.withLock { $0 }
        #expect(result.forwarded.count >= 10_000)
        #expect(!result.refused.isEmpty)
        #expect(result.longestWait < .seconds(3))
        var connection = try Connection(conninfo, user: "postgres", timeout: .seconds(60))
        let rows = try connection.execute(
            """
            SELECT id, count(*) FILTER (WHERE kind = 'intent'), count(*) FILTER (WHERE kind = 'outcome'),
                   coalesce(bool_or(error_code = 'AuditDeadlineExceeded'), false)
            FROM postern_audit.record WHERE kind <> 'event' GROUP BY id
            """
        )
        var seen: Set<String> = []
        for row in 0..<rows.rowCount {
            let id = try rows.text(row, 0) ?? ""
            seen.insert(id)
            #expect(try rows.integer(row, 1) == 1)
            #expect(try rows.integer(row, 2) == 1)
            #expect(try rows.bool(row, 3) == result.refused.contains(id))
        }
        #expect(result.forwarded.isSubset(of: seen))
        var defects: [ChainDefect] = []
        let summary = try AuditVerifier(conninfo, user: "postern_auditor", keys: []).verify { defects.append($0) }
        #expect(defects == [])
        #expect(summary.chains == 1)
    }

    @Test("Accepts calls again soon after PostgreSQL is back, without anything having been queued")
    func recovers() throws {
        let cluster = try PrivateCluster.makeAnother()
        defer { cluster.remove() }
        let conninfo = try cluster.makePosternDatabase()
        var settings = AuditWriter.Settings(database: conninfo, user: "postern_worker", instance: "test")
        settings.deadline = .milliseconds(500)
        let writer = AuditWriter(settings)
        _ = try writer.append(intent: AuditFixture.intent())
        try cluster.stop("fast")
        #expect(throws: AuditError.deadlineExceeded) { try writer.append(intent: AuditFixture.intent()) }
        usleep(1_000_000)
        #expect(throws: AuditError.unavailable) { try writer.append(intent: AuditFixture.intent()) }
        try cluster.start()
        usleep(1_500_000)
        #expect(writer.isReady)
        _ = try writer.append(intent: AuditFixture.intent())
        writer.close()
    }

    final class SharedState: Sendable {
        let known = Mutex(Known())
        let isOver = Atomic(false)
        let running = Atomic(8)
    }
}
