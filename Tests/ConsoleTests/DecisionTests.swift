import Approvals
import Foundation
import Identity
import PrivateCluster
import Synchronization
import Testing

@testable import Console

@Suite("Deciding", .enabled(if: PrivateCluster.isAvailable, Comment(rawValue: PrivateCluster.whyUnavailable)))
struct DecisionTests {
    private let harness: ConsoleHarness

    init() throws {
        harness = try ConsoleHarness()
    }

    @Test("An approver approves, and the decision is in the audit with its reason")
    func approves() throws {
        let id = try harness.open()
        var alice = try harness.browser("alice", path: "approvals/\(id)")
        let page = try alice.get("approvals/\(id)")
        #expect(page.status == 200)
        #expect(page.text.contains(#"value="\#(try alice.formToken(id))""#))
        let answer = try alice.vote("approve", id, reason: "  ticket 42\r\n ")
        #expect(answer.status == 303)
        #expect(answer.location == "/_postern/console/approvals/\(id)")
        #expect(try harness.state(id) == .approved)
        let votes = try harness.store.votes(on: id)
        #expect(votes.map(\.person.subject) == ["alice"])
        #expect(votes.map(\.actor) == ["The alice"])
        #expect(votes.map(\.reason) == ["ticket 42"])
        let recorded = try harness.value(
            "SELECT detail ->> 'reason' FROM postern_audit.record WHERE event = 'approval_decided' AND approval_id = '\(id)'"
        )
        #expect(recorded == "ticket 42")
        let after = try alice.get("approvals/\(id)").text
        #expect(after.contains("Approved") && after.contains("ticket 42") && !after.contains("<textarea"))
    }

    @Test("Denying needs a reason, approving does not")
    func reasons() throws {
        let id = try harness.open()
        var alice = try harness.browser("alice")
        for reason in ["", " \n\t"] {
            #expect(try alice.vote("deny", id, reason: reason).status == 400)
        }
        #expect(try alice.vote("approve", id, reason: String(repeating: "x", count: 1001)).status == 400)
        #expect(try harness.state(id) == .pending)
        #expect(try alice.vote("deny", id, reason: "not today").status == 303)
        #expect(try harness.state(id) == .denied)
        let other = try harness.open()
        #expect(try alice.vote("approve", other, reason: "").status == 303)
        #expect(try harness.state(other) == .approved)
    }

    @Test("Nobody decides on a request of his own, whoever vouches for him")
    func ownRequest() throws {
        let id = try harness.open(subject: "alice")
        let foreign = try harness.open(subject: "alice") {
            $0.requester = Person(issuer: "https://other.example", subject: "alice")
        }
        var alice = try harness.browser("alice")
        for own in [id, foreign] {
            let page = try alice.get("approvals/\(own)")
            #expect(page.text.contains("somebody else decides"))
            #expect(!page.text.contains("<textarea"))
            for verdict in ["approve", "deny"] { #expect(try alice.vote(verdict, own).status == 403) }
            #expect(try harness.state(own) == .pending)
        }
        var bob = try harness.browser("bob")
        #expect(try bob.vote("approve", id).status == 303)
        #expect(try harness.state(id) == .approved)
    }

    @Test("Two persons are two persons")
    func quorum() throws {
        let id = try harness.open(quorum: 2)
        var alice = try harness.browser("alice")
        #expect(try alice.vote("approve", id).status == 303)
        #expect(try alice.vote("approve", id).status == 303)
        #expect(try harness.state(id) == .pending)
        #expect(try harness.store.votes(on: id).count == 1)
        #expect(try alice.get("approvals/\(id)").text.contains("another person must approve too"))
        // Another session of the same person is the same person.
        var again = try harness.browser("alice")
        #expect(try again.vote("approve", id).status == 303)
        #expect(try harness.state(id) == .pending)
        var bob = try harness.browser("bob")
        #expect(try bob.vote("approve", id).status == 303)
        #expect(try harness.state(id) == .approved)
    }

    @Test("What expired, or somebody else decided, is not decided again")
    func tooLate() throws {
        let id = try harness.open()
        var alice = try harness.browser("alice")
        try harness.sql("UPDATE postern.approval SET expires_at = clock_timestamp() WHERE id = '\(id)'")
        let late = try alice.vote("approve", id)
        #expect(late.status == 409)
        #expect(late.text.contains("expired before you decided"))
        #expect(try harness.state(id) == .expired)
        let denied = try harness.open()
        var bob = try harness.browser("bob")
        #expect(try bob.vote("deny", denied).status == 303)
        let second = try alice.vote("approve", denied)
        #expect(second.status == 409)
        #expect(second.text.contains("Somebody else decided first"))
        #expect(try harness.state(denied) == .denied)
    }

    @Test("A double click, and two persons at once, decide once")
    func races() throws {
        let id = try harness.open()
        var alice = try harness.browser("alice")
        #expect(try alice.vote("approve", id).status == 303)
        #expect(try alice.vote("approve", id).status == 303)
        #expect(try alice.vote("deny", id).status == 409)
        #expect(try harness.store.votes(on: id).count == 1)

        let contested = try harness.open()
        let browsers = [alice, try harness.browser("bob")]
        let statuses = Mutex<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            var browser = browsers[number % 2]
            let verdict = number % 2 == 0 ? "approve" : "deny"
            let status = (try? browser.vote(verdict, contested).status) ?? 0
            statuses.withLock { $0.append(status) }
        }
        #expect(statuses.withLock { $0.filter { $0 == 303 }.count } == 4)
        #expect(statuses.withLock { $0.filter { $0 == 409 }.count } == 4)
        #expect(try harness.store.votes(on: contested).count == 1)
    }

    @Test("A form token opens its own form of its own session, and nothing else")
    func formTokens() throws {
        let id = try harness.open()
        let other = try harness.open()
        var alice = try harness.browser("alice")
        let bob = try harness.browser("bob")
        let tokens = [
            "", try alice.formToken(other), try bob.formToken(id), try #require(alice.session).formToken(for: "logout"),
            try alice.formToken(id).lowercased(), try #require(alice.session).cookie,
        ]
        for token in tokens {
            let answer = try alice.post("approvals/\(id)", [("token", token), ("verdict", "approve"), ("reason", "x")])
            #expect(answer.status == 403)
        }
        #expect(try alice.post("approvals/\(id)", [("verdict", "approve")]).status == 403)
        let verdict = try alice.post("approvals/\(id)", [("token", alice.formToken(id)), ("verdict", "Approve")])
        #expect(verdict.status == 400)
        var stranger = ConsoleHarness.Browser(harness: harness)
        #expect(
            try stranger.post("approvals/\(id)", [("token", alice.formToken(id)), ("verdict", "approve")]).status == 403
        )
        #expect(try harness.state(id) == .pending)
    }

    @Test("Who is no approver sees nothing and decides nothing")
    func noApprover() throws {
        let id = try harness.open()
        var carol = try harness.browser("carol", groups: ["engineers"])
        #expect(!(try carol.get("").text.contains("\(id)")))
        #expect(try carol.get("approvals/\(id)").status == 404)
        #expect(try carol.get("approvals/\(id)/state").status == 404)
        #expect(try carol.vote("approve", id).status == 404)
        #expect(try carol.get("calls").status == 403)
        #expect(try carol.get("calls/\(id)").status == 403)
        #expect(!(try carol.get("history").text.contains("\(id)")))
        #expect(try harness.state(id) == .pending)
    }

    @Test("The policy's approvers count, and only they")
    func namedApprovers() throws {
        let byGroup = try harness.open(approvers: #"[["dba"]]"#)
        let byClaim = try harness.open(approvers: #"[[{"StringEquals":{"oidc:name":"The dora"}}]]"#)
        let both = try harness.open(approvers: #"[["dba"],["security"]]"#)
        let unreadable = try harness.open(approvers: #"[[{"NoSuchOperator":{"oidc:sub":"dora"}}]]"#)
        var alice = try harness.browser("alice")
        var dora = try harness.browser("dora", groups: ["dba"])
        for id in [byGroup, byClaim, both, unreadable] {
            #expect(try alice.get("approvals/\(id)").text.contains("somebody else"))
            #expect(try alice.vote("approve", id).status == 403)
        }
        #expect(try dora.vote("approve", both).status == 404)
        #expect(try dora.vote("approve", unreadable).status == 404)
        #expect(try dora.vote("approve", byGroup).status == 303)
        #expect(try dora.vote("approve", byClaim).status == 303)
        #expect(
            try [byGroup, byClaim, both, unreadable].map { try harness.state($0) } == [
                .approved, .approved, .pending, .pending,
            ]
        )
        // Who may decide one request does not see the others.
        let general = try harness.open()
        #expect(try dora.get("approvals/\(general)").status == 404)
    }

    @Test("Who proved himself long ago does so again before he decides")
    func freshness() throws {
        let id = try harness.open()
        let longAgo = "\(UnixTime.current().seconds - 3700)"
        var alice = try harness.browser("alice", claims: ["auth_time": longAgo])
        let answer = try alice.vote("approve", id)
        #expect(answer.status == 303)
        let location = try #require(answer.location)
        #expect(location.hasPrefix(TestProvider.url) && location.contains("max_age=0"))
        #expect(try harness.state(id) == .pending)
        #expect(try alice.get("approvals/\(id)").status == 200)
    }
}
