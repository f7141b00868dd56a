import Approvals
import PrivateCluster
import Synchronization
import Testing

@testable import Console

@Suite("Sessions", .enabled(if: PrivateCluster.isAvailable, Comment(rawValue: PrivateCluster.whyUnavailable)))
struct SessionTests {
    private let harness: ConsoleHarness

    init() throws {
        harness = try ConsoleHarness()
    }

    @Test("The database has the token's hash alone, and records who came from where")
    func stored() throws {
        let alice = try harness.browser("alice")
        let token = try #require(alice.session)
        #expect(
            try harness.value("SELECT count(*) FROM postern.console_session WHERE token_hash = '\\x\(hex(token.hash))'")
                == "1"
        )
        let dump = try #require(try harness.value("SELECT json_agg(s)::text FROM postern.console_session AS s"))
        #expect(!dump.contains(token.cookie))
        #expect(
            try harness.value("SELECT source_ip FROM postern_audit.record WHERE event = 'console_login'") == "192.0.2.7"
        )
    }

    @Test("A new login is a new session, and ends the old one")
    func rotated() throws {
        var alice = try harness.browser("alice")
        let old = alice
        // The session is renewed, not the cookie that came with the request.
        let location = try #require(try alice.get("login").location)
        let state = try #require(try harness.provider.answer(to: location)["state"])
        #expect(try alice.get("callback?code=c&state=\(state)").status == 303)
        #expect(alice.session?.cookie != old.session?.cookie)
        var stale = old
        #expect(try stale.get("").location?.hasPrefix(TestProvider.url) == true)
        #expect(try alice.get("").status == 200)
    }

    @Test("A cookie that somebody planted is not taken over by a login")
    func fixation() throws {
        let planted = try SessionToken()
        harness.provider.world.withLock { $0.subject = "alice" }
        var victim = ConsoleHarness.Browser(harness: harness, cookies: [SessionToken.cookieName: planted.cookie])
        try harness.logIn(&victim)
        #expect(victim.session?.cookie != planted.cookie)
        var attacker = ConsoleHarness.Browser(harness: harness, cookies: [SessionToken.cookieName: planted.cookie])
        #expect(try attacker.get("").location?.hasPrefix(TestProvider.url) == true)
    }

    @Test("Signing out ends the session in the database too, and needs the form's token")
    func signOut() throws {
        var alice = try harness.browser("alice")
        var copy = alice
        #expect(try alice.post("logout", []).status == 403)
        #expect(try alice.get("").status == 200)
        let token = try #require(alice.session).formToken(for: "logout")
        #expect(try alice.post("logout", [("token", token)]).location == "/_postern/console/signed-out")
        #expect(alice.session == nil)
        #expect(try copy.get("").location?.hasPrefix(TestProvider.url) == true)
        #expect(try copy.get("pending").status == 403)
        #expect(try harness.value("SELECT count(*) FROM postern_audit.record WHERE event = 'console_logout'") == "1")
    }

    @Test("Revoking a person, or everybody, ends sessions at once", arguments: ["#", " ", "all"])
    func revoked(_ separator: String) throws {
        var alice = try harness.browser("alice")
        var bob = try harness.browser("bob")
        let (kind, value) = separator == "all" ? ("all", "") : ("principal", TestProvider.url + separator + "alice")
        try harness.sql("SELECT postern.revoke('\(kind)', '\(value)', 'left the company')")
        #expect(try alice.get("").location?.hasPrefix(TestProvider.url) == true)
        #expect(try bob.get("").status == (separator == "all" ? 303 : 200))
        var again = try harness.browser("alice")
        #expect(try again.get("").status == 200)
    }

    @Test("A session ends by itself, and is never longer than eight hours")
    func expires() throws {
        var alice = try harness.browser("alice")
        let hours = try harness.value(
            "SELECT expires_at <= created_at + interval '8 hours' FROM postern.console_session"
        )
        #expect(hours == "t")
        try harness.sql("UPDATE postern.console_session SET expires_at = clock_timestamp()")
        #expect(try alice.get("").location?.hasPrefix(TestProvider.url) == true)
    }

    @Test("The console's role reads sessions that hold, and changes them by functions alone")
    func grants() throws {
        _ = try harness.browser("alice")
        for statement in [
            "SELECT * FROM postern.console_session", "UPDATE postern.console_session SET subject = 'bob'",
            "DELETE FROM postern.console_session", "UPDATE postern.approval SET state = 'approved'",
            "INSERT INTO postern_audit.record (kind) VALUES ('event')",
            "SELECT postern.approve(gen_random_uuid(), 'x')",
        ] {
            #expect(throws: (any Error).self) { try harness.sql(statement, as: "postern_console") }
        }
        #expect(try harness.value("SELECT subject FROM postern.live_console_session", as: "postern_console") == "alice")
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
