import Approvals
import Postgres
import PrivateCluster
import Testing

@Suite("Approval machine")
struct ApprovalMachineTests {
    let asker = Person(issuer: "i", subject: "asker")
    let alice = Person(issuer: "i", subject: "alice")

    func machine(quorum: Int = 1, uses: Int? = 1) -> ApprovalMachine {
        ApprovalMachine(requester: asker, quorum: quorum, usesAllowed: uses, expires: 10, grantLasts: 5)
    }

    @Test("A request ends at its last moment, a grant at its own")
    func expires() {
        var pending = machine()
        let late = pending.vote(.approve, by: alice, at: 10)
        #expect(late == .expired)
        #expect(pending.state == .expired)
        var granted = machine()
        let decided = granted.vote(.approve, by: alice, at: 9)
        #expect(decided == .approved)
        let isGranted = granted.consume(call: 1, at: 14)
        #expect(!isGranted)
        granted.expire(at: 14)
        #expect(granted.state == .expired)
    }

    @Test("Nothing follows an end")
    func staysEnded() {
        var machine = machine()
        let results = [machine.cancel(), machine.cancel(), machine.consume(call: 1, at: 1)]
        #expect(results == [true, false, false])
        let late = machine.vote(.approve, by: alice, at: 1)
        #expect(late == .alreadyDecided)
    }

    /// Random histories, the same seed every time, over the machine and over the database.
    @Test("The database follows the same rules", .needsPostgres, arguments: 1...6)
    func agreesWithDatabase(seed: UInt64) throws {
        let fixture = try ApprovalFixture()
        let (worker, console) = (fixture.store(), fixture.store(user: "postern_console"))
        var connection = try fixture.connect()
        var random = SplitMix(state: seed)
        for round in 0..<12 {
            let quorum = Int.random(in: 1...3, using: &random)
            let uses = [1, 2, nil].randomElement(using: &random) ?? nil
            var machine = machine(quorum: quorum, uses: uses)
            var request = ApprovalFixture.request("\(seed)-\(round)", terms: ApprovalTerms(quorum: quorum, uses: uses))
            request.requester = asker
            let approval = try worker.open(request)
            for step in 0..<12 {
                let person = Person(
                    issuer: "i",
                    subject: ["asker", "alice", "bob", "carol"].randomElement(using: &random) ?? ""
                )
                switch Int.random(in: 0..<20, using: &random) {
                case 0..<9:
                    let verdict: Verdict = Int.random(in: 0..<6, using: &random) == 0 ? .deny : .approve
                    let expected = machine.vote(verdict, by: person, at: 1)
                    #expect(try console.decide(approval.id, verdict, by: person, reason: "r") == expected)
                case 9..<17:
                    let call = Int.random(in: 1...4, using: &random)
                    let isGranted = try connection.execute(
                        "SELECT postern.consume_grant($1::uuid, $2, $3::uuid)",
                        [
                            .text(approval.id.text), .bytes(approval.fingerprint),
                            .text("11111111-1111-7111-8111-11111111111\(call)"),
                        ]
                    ).bool(0, 0)
                    let expected = machine.consume(call: call, at: 1)
                    #expect(isGranted == expected, "step \(step)")
                case 17:
                    let expected = machine.cancel()
                    #expect(try worker.cancel(approval.id, by: asker) == expected)
                default:
                    guard Int.random(in: 0..<4, using: &random) == 0 else { continue }
                    _ = try connection.execute(
                        """
                        UPDATE postern.approval SET expires_at = clock_timestamp(),
                            grant_expires_at = least(grant_expires_at, clock_timestamp()) WHERE id = $1::uuid
                        """,
                        [.text(approval.id.text)]
                    )
                    _ = try worker.expireOverdue()
                    machine.expire(at: 100)
                }
                #expect(try worker.find(approval.id)?.state == machine.state, "step \(step)")
                #expect(try worker.find(approval.id)?.uses == machine.uses, "step \(step)")
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same history for the same seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
