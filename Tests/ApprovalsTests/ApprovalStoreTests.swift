import Approvals
import Postgres
import PrivateCluster
import Testing

@Suite("Approval store", .needsPostgres)
struct ApprovalStoreTests {
    let fixture: ApprovalFixture
    let alice = Person(issuer: "https://idp.example.com", subject: "alice")
    let bob = Person(issuer: "https://idp.example.com", subject: "bob")

    init() throws {
        fixture = try ApprovalFixture()
    }

    var console: ApprovalStore { fixture.store(user: "postern_console") }

    func change(_ sql: String) throws {
        var connection = try fixture.connect()
        _ = try connection.execute(sql)
    }

    func consume(_ approval: Approval, call: String = "11111111-1111-7111-8111-111111111111") throws -> Bool {
        var connection = try fixture.connect(as: "postern_worker")
        return try connection.execute(
            "SELECT postern.consume_grant($1::uuid, $2, $3::uuid)",
            [.text(approval.id.text), .bytes(approval.fingerprint), .text(call)]
        ).bool(0, 0) ?? false
    }

    @Test("The same call has one pending approval, another call another")
    func opensOnce() throws {
        let store = fixture.store()
        let first = try store.open(ApprovalFixture.request())
        #expect(first.state == .pending)
        #expect(first.details["parameters"] == #"{"Name": "/app/db"}"#)
        #expect(first.details["groups"] == #"["agents"]"#)
        #expect(first.summary == "Writes the parameter /app␀/<b>db</b>")
        #expect(try store.open(ApprovalFixture.request()).id == first.id)
        #expect(try store.open(ApprovalFixture.request("other")).id != first.id)
        #expect(try store.open(ApprovalFixture.request(subject: "agent-2")).id != first.id)
        #expect(try store.find(first.id)?.state == .pending)
        #expect(try store.list([.pending]).count == 3)
        #expect(try store.list([.denied]).isEmpty)
        let all = try store.list()
        var paged: [ApprovalID] = []
        while let page = try? store.list(before: paged.last, limit: 2), !page.isEmpty { paged += page.map(\.id) }
        #expect(paged == all.map(\.id))
    }

    @Test("Fifty runs of the same call at once share one row")
    func opensInParallel() async throws {
        let store = fixture.store()
        let ids = try await race(50) { _ in try store.open(ApprovalFixture.request()).id }
        #expect(Set(ids).count == 1)
    }

    @Test("An approval is a grant for this call, once")
    func grantsOnce() throws {
        let store = fixture.store()
        let approval = try store.open(ApprovalFixture.request())
        #expect(try !consume(approval))
        #expect(try console.decide(approval.id, .approve, by: alice, reason: "fine") == .approved)
        let granted = try store.open(ApprovalFixture.request())
        #expect(granted.id == approval.id)
        #expect(granted.isUsable)
        let other = try store.open(ApprovalFixture.request("other"))
        #expect(try !consume(other))
        #expect(try consume(granted))
        #expect(try consume(granted), "the same call may ask again")
        #expect(try !consume(granted, call: "22222222-2222-7222-8222-222222222222"))
        #expect(try store.find(approval.id)?.state == .used)
        #expect(try store.open(ApprovalFixture.request()).id != approval.id)
    }

    @Test("A grant of another fingerprint is not consumed")
    func refusesOtherCall() throws {
        let store = fixture.store()
        let approval = try store.open(ApprovalFixture.request())
        _ = try console.decide(approval.id, .approve, by: alice, reason: "fine")
        var connection = try fixture.connect(as: "postern_worker")
        let isGranted = try connection.execute(
            "SELECT postern.consume_grant($1::uuid, $2, gen_random_uuid())",
            [.text(approval.id.text), .bytes([UInt8](repeating: 1, count: 32))]
        ).bool(0, 0)
        #expect(isGranted == false)
    }

    @Test("Fifty calls at once use a grant exactly as often as it allows", arguments: [1, 3])
    func consumesExactly(uses: Int) async throws {
        let approval = try fixture.store().open(ApprovalFixture.request(terms: ApprovalTerms(uses: uses)))
        _ = try console.decide(approval.id, .approve, by: alice, reason: "fine")
        let granted = try await race(50) { index in
            try consume(approval, call: "11111111-1111-7111-8111-1111111111\(index + 10)")
        }
        #expect(granted.count { $0 } == uses)
    }

    @Test("A grant without a number of uses holds until it ends")
    func holdsForWindow() throws {
        let approval = try fixture.store().open(ApprovalFixture.request(terms: ApprovalTerms(uses: nil)))
        _ = try console.decide(approval.id, .approve, by: alice, reason: "fine")
        for index in 10..<20 { #expect(try consume(approval, call: "11111111-1111-7111-8111-1111111111\(index)")) }
        try change("UPDATE postern.approval SET grant_expires_at = clock_timestamp()")
        #expect(try !consume(approval, call: "11111111-1111-7111-8111-111111111199"))
        #expect(try fixture.store().find(approval.id)?.state == .expired)
    }

    @Test("Two must approve: the same person twice is one")
    func needsQuorum() throws {
        let approval = try fixture.store().open(ApprovalFixture.request(terms: ApprovalTerms(quorum: 2)))
        #expect(try console.decide(approval.id, .approve, by: alice, reason: "a") == .pending)
        #expect(try console.decide(approval.id, .approve, by: alice, reason: "a") == .alreadyVoted)
        #expect(try fixture.store().find(approval.id)?.approvals == 1)
        #expect(try console.decide(approval.id, .approve, by: bob, reason: "b") == .approved)
        #expect(try console.votes(on: approval.id).map(\.person) == [alice, bob])
    }

    @Test("One denial is enough, also by who approved before, and holds for the same call")
    func deniesFirst() throws {
        let approval = try fixture.store().open(ApprovalFixture.request(terms: ApprovalTerms(quorum: 2)))
        #expect(try console.decide(approval.id, .approve, by: alice, reason: "a") == .pending)
        #expect(try console.decide(approval.id, .deny, by: alice, reason: "no") == .denied)
        #expect(try console.decide(approval.id, .approve, by: bob, reason: "b") == .alreadyDecided)
        let again = try fixture.store().open(ApprovalFixture.request())
        #expect(again.id == approval.id)
        #expect(again.state == .denied)
        try change("UPDATE postern.approval SET expires_at = clock_timestamp()")
        #expect(try fixture.store().open(ApprovalFixture.request()).state == .pending)
    }

    @Test("Nobody decides on his own request, whoever vouches for him")
    func refusesRequester() throws {
        let approval = try fixture.store().open(ApprovalFixture.request())
        for issuer in ["https://idp.example.com", "https://other.example.com"] {
            let requester = Person(issuer: issuer, subject: "agent-1")
            for verdict in Verdict.allCases {
                #expect(try console.decide(approval.id, verdict, by: requester, reason: "me") == .ownRequest)
            }
        }
        #expect(try console.votes(on: approval.id).isEmpty)
    }

    @Test("Too late is expired, by the database's clock")
    func expires() throws {
        let store = fixture.store()
        let approval = try store.open(ApprovalFixture.request())
        try change("UPDATE postern.approval SET expires_at = clock_timestamp()")
        #expect(try store.find(approval.id)?.state == .expired)
        #expect(try console.decide(approval.id, .approve, by: alice, reason: "late") == .expired)
        let next = try store.open(ApprovalFixture.request())
        #expect(next.id != approval.id)
        #expect(next.state == .pending)
        #expect(try store.expireOverdue() == 0)
    }

    @Test("What is not there is not decided")
    func refusesUnknown() throws {
        let id = try #require(ApprovalID(parsing: "11111111-1111-7111-8111-111111111111"))
        #expect(try console.decide(id, .approve, by: alice, reason: "x") == .notFound)
        #expect(try console.find(id) == nil)
    }

    @Test("Only its requester takes a request back")
    func cancels() throws {
        let store = fixture.store()
        let approval = try store.open(ApprovalFixture.request())
        #expect(try !store.cancel(approval.id, by: alice))
        #expect(try store.cancel(approval.id, by: approval.requester))
        #expect(try !store.cancel(approval.id, by: approval.requester))
        #expect(try console.decide(approval.id, .approve, by: alice, reason: "x") == .alreadyDecided)
    }

    @Test("Of approvals and denials at once one side wins, and all agree which")
    func decidesOnce() async throws {
        let store = console
        let approval = try fixture.store().open(ApprovalFixture.request())
        let results = try await race(20) { index in
            try store.decide(
                approval.id,
                index.isMultiple(of: 2) ? .approve : .deny,
                by: Person(issuer: "i", subject: "p\(index)"),
                reason: "race"
            )
        }
        #expect(results.count { $0 == .approved || $0 == .denied } == 1)
        #expect(results.count { $0 == .alreadyDecided } == 19)
        let state = try store.find(approval.id)?.state
        #expect(results.contains(state == .approved ? .approved : .denied))
    }

    @Test("Who waits is woken by the decision, well before the next look")
    func wakes() async throws {
        let store = fixture.store(isListening: true)
        defer { store.stop() }
        let console = console
        let alice = alice
        let approval = try store.open(ApprovalFixture.request())
        let (results, continuation) = AsyncStream<ApprovalState?>.makeStream()
        let isStarted = DatabaseThread.start {
            continuation.yield(try? store.wait(for: approval, until: .now + .seconds(20)).state)
        }
        #expect(isStarted)
        try await Task.sleep(for: .milliseconds(1500))
        let start = ContinuousClock.now
        #expect(try console.decide(approval.id, .approve, by: alice, reason: "fine") == .approved)
        var iterator = results.makeAsyncIterator()
        #expect(await iterator.next() == .approved)
        // Without the notification the next look would be after five seconds.
        #expect(ContinuousClock.now - start < .seconds(3))
    }

    @Test("Waiting ends at the deadline and when the agent hangs up; the request stays")
    func waitsNoLonger() throws {
        let store = fixture.store()
        let approval = try store.open(ApprovalFixture.request())
        let start = ContinuousClock.now
        #expect(try store.wait(for: approval, until: .now + .milliseconds(200)).state == .pending)
        #expect(try store.wait(for: approval, until: .now + .seconds(30), isCancelled: { true }).state == .pending)
        #expect(ContinuousClock.now - start < .seconds(3))
        #expect(try store.find(approval.id)?.state == .pending)
    }

    @Test("Without a database the store says so")
    func reportsOutage() throws {
        let store = ApprovalStore("host=/nonexistent", isListening: false)
        #expect(throws: ApprovalError.self) { try store.open(ApprovalFixture.request()) }
    }
}
