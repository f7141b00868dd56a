import Foundation
import Policy
import Postgres
import PrivateCluster
import Synchronization
import Testing

@testable import Gateway

@Suite("Limits of a site", .enabled(if: PrivateCluster.isAvailable, "\(PrivateCluster.whyUnavailable)"))
struct CallLimitsTests {
    private static func key(_ subject: String, calls: Int, period: Int = 3600, id: Int = 1) -> RateLimiter.Key {
        .init(limit: .init(id: id, calls: calls, period: period, subject: .session), subject: subject)
    }

    /// Two nodes on one database.
    private func nodes() throws -> (String, CallLimits, CallLimits) {
        let database = try PrivateCluster.shared.get().makePosternDatabase()
        return (
            database, .init(database: database, user: "postern_worker"),
            .init(database: database, user: "postern_worker")
        )
    }

    private func isWait(_ verdict: CallLimits.Verdict) -> Bool {
        if case .wait(let seconds) = verdict { return (1...3600).contains(seconds) }
        return false
    }

    @Test("Two nodes share one count")
    func shared() throws {
        let (_, first, second) = try nodes()
        let key = Self.key("s-1", calls: 3)
        #expect(first.admit([key], isMutating: true) == .admitted)
        #expect(second.admit([key], isMutating: true) == .admitted)
        #expect(first.admit([key], isMutating: true) == .admitted)
        #expect(isWait(second.admit([key], isMutating: true)))
        #expect(isWait(first.admit([key], isMutating: false)))
        #expect(first.admit([Self.key("s-2", calls: 3)], isMutating: true) == .admitted)
        #expect(first.admit([Self.key("s-1", calls: 3, id: 2)], isMutating: true) == .admitted)
    }

    @Test("A call that one limit refuses is not counted against the others")
    func allOrNothing() throws {
        let (_, first, second) = try nodes()
        let (narrow, wide) = (Self.key("s", calls: 1), Self.key("s", calls: 2, id: 2))
        #expect(first.admit([narrow, wide], isMutating: true) == .admitted)
        for _ in 0..<3 { #expect(isWait(second.admit([wide, narrow], isMutating: true))) }
        #expect(second.admit([wide], isMutating: true) == .admitted)
        #expect(isWait(first.admit([wide], isMutating: true)))
    }

    @Test("Many threads of two nodes get exactly what is allowed, in whatever order they name their limits")
    func race() throws {
        let (_, first, second) = try nodes()
        let keys = [Self.key("a", calls: 50), Self.key("b", calls: 80, id: 2)]
        let admitted = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<20 {
                let order = number % 2 == 0 ? keys : keys.reversed()
                if (thread % 2 == 0 ? first : second).admit(order, isMutating: true) == .admitted {
                    admitted.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(admitted.load(ordering: .relaxed) == 50)
    }

    @Test("There is room again when the period is over, and half of it in between")
    func slides() throws {
        let (database, first, _) = try nodes()
        let key = Self.key("s", calls: 4, period: 100)
        for _ in 0..<4 { #expect(first.admit([key], isMutating: true) == .admitted) }
        #expect(isWait(first.admit([key], isMutating: true)))
        var connection = try Connection(database, user: "postgres", timeout: .seconds(20))
        func move(_ seconds: Int) throws {
            _ = try connection.execute("UPDATE postern.call_count SET started = started - \(seconds)")
        }
        try move(150)
        // A little more than half of the period has passed: a little less than two of the four before still count.
        for _ in 0..<3 { #expect(first.admit([key], isMutating: true) == .admitted) }
        #expect(isWait(first.admit([key], isMutating: true)))
        try move(1000)
        for _ in 0..<4 { #expect(first.admit([key], isMutating: true) == .admitted) }
    }

    @Test("Rows of which nothing counts go away")
    func forgets() throws {
        let (database, first, _) = try nodes()
        for number in 0..<20 { _ = first.admit([Self.key("old-\(number)", calls: 5)], isMutating: true) }
        var connection = try Connection(database, user: "postgres", timeout: .seconds(20))
        _ = try connection.execute("UPDATE postern.call_count SET idle_from = 1")
        // One call in a hundred cleans up.
        for _ in 0..<1500 { _ = first.admit([Self.key("new", calls: 1_000_000)], isMutating: true) }
        #expect(try connection.execute("SELECT count(*) FROM postern.call_count").integer(0, 0) == 1)
    }

    @Test("Without the count a mutating call does not pass, and a read is counted by the process alone")
    func outOfReach() {
        let limits = CallLimits(database: "host=/nowhere dbname=none", user: "postern_worker", timeout: .seconds(1))
        let key = Self.key("s", calls: 2)
        #expect(limits.admit([key], isMutating: true) == .unavailable)
        #expect(limits.admit([key], isMutating: false) == .admitted)
        #expect(limits.admit([key], isMutating: false) == .admitted)
        #expect(isWait(limits.admit([key], isMutating: false)))
        #expect(limits.admit([key], isMutating: true) == .unavailable)
    }

    @Test("The worker's role counts by the function alone")
    func grants() throws {
        let (database, _, _) = try nodes()
        var worker = try Connection(database, user: "postern_worker", timeout: .seconds(20))
        for statement in [
            "SELECT * FROM postern.call_count", "DELETE FROM postern.call_count",
            "UPDATE postern.call_count SET current = 0", "SELECT postern.count_call('{}', '{}', '{}')",
            "SELECT postern.count_call('{a}', '{1}', '{1}')", "SELECT postern.count_call('{a,b}', '{1}', '{1}')",
        ] {
            #expect(throws: PostgresError.self) { _ = try worker.execute(statement) }
        }
        var console = try Connection(database, user: "postern_console", timeout: .seconds(20))
        let call = "SELECT postern.count_call(ARRAY[repeat('a', 64)], '{1}', '{1}')"
        #expect(throws: PostgresError.self) { _ = try console.execute(call) }
        #expect(try worker.execute(call).integer(0, 0) == 0)
        #expect(try worker.execute(call).integer(0, 0) == 1)
    }
}
