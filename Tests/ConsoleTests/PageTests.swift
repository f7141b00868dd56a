import Approvals
import Foundation
import PrivateCluster
import Synchronization
import Testing

@testable import Console

@Suite("Pages", .enabled(if: PrivateCluster.isAvailable, Comment(rawValue: PrivateCluster.whyUnavailable)))
struct PageTests {
    private let harness: ConsoleHarness
    private static let probe = "\"\u{301}'><xss-probe onload=alert(1)>{{base}}\u{202E}</textarea>"

    private static let bareQuote = "\"\u{301}"
    private static let reversal: Unicode.Scalar = "\u{202E}"

    init() throws {
        harness = try ConsoleHarness()
    }

    /// A call with its outcome, and a refusal, every text of which is `text`.
    private func record(_ text: String) throws -> [String] {
        let quoted = "'" + text.replacing("'", with: "''") + "'"
        try harness.sql(
            """
            INSERT INTO postern_audit.record (format, writer, sequence, ts, kind, id, issuer, subject, groups, role,
                session_id, session_name, query_id, app, traceparent, source_ip, user_agent, operation, actions,
                access_level, risks, resources, region, account, parameters, decision, statement, explanation, hash)
            SELECT 1, gen_random_uuid(), 1, clock_timestamp(), 'intent', '00000000-0000-7000-8000-000000000001', t, t,
                ARRAY[t], t, t, t, t, t, t, t, t, t, ARRAY[t], t, ARRAY[t], ARRAY[t, t], t, t,
                json_build_object(t, t, 'list', json_build_array(json_build_object(t, 1.50), t)), 'allow', t, t,
                sha256('') FROM (SELECT \(quoted)::text AS t) AS texts;
            INSERT INTO postern_audit.record (format, writer, sequence, ts, kind, id, error_code, aws_request_id, status,
                masked, findings, hash)
            SELECT 1, gen_random_uuid(), 1, clock_timestamp(), 'outcome', '00000000-0000-7000-8000-000000000001', t, t,
                200, 3, json_build_object(t, 3), sha256('') FROM (SELECT \(quoted)::text AS t) AS texts;
            INSERT INTO postern_audit.record (format, writer, sequence, ts, kind, id, issuer, subject, operation,
                resources, event, message, detail, error_code, hash)
            SELECT 1, gen_random_uuid(), 1, clock_timestamp(), 'event', '00000000-0000-7000-8000-000000000002', t, t, t,
                ARRAY[t], 'denied', t, json_build_object(t, t), t, sha256('') FROM (SELECT \(quoted)::text AS t) AS texts;
            """
        )
        return ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"]
    }

    private func openHostile(_ text: String) throws -> ApprovalID {
        let json = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        return try harness.open(subject: text) { request in
            request.operation = text
            request.summary = text
            request.groups = [text]
            request.role = text
            request.sessionID = text
            request.queryID = text
            request.app = text
            request.sourceIP = text
            request.userAgent = text
            request.actions = [text]
            request.accessLevel = text
            request.risks = [text]
            request.resources = [text]
            request.region = text
            request.account = text
            request.parameters = "{\(json):\(json),\"n\":[{\(json):1.50}]}"
            request.command = text
            request.statement = text
            request.explanation = text + "."
        }
    }

    @Test("No text from an agent becomes markup, in any field of any page")
    func escaped() throws {
        let calls = try record(Self.probe)
        let id = try openHostile(Self.probe)
        var alice = try harness.browser("alice", claims: ["name": "\"<xss-probe>\""])
        #expect(try alice.vote("approve", id, reason: Self.probe).status == 303)
        let pending = try openHostile(Self.probe + "2")
        let query = FormFields.encode(Self.probe)
        let paths =
            ["", "pending", "history", "approvals/\(id)", "approvals/\(id)/state", "approvals/\(pending)", "calls"]
            + ["calls?subject=\(query)", "calls?subject=\(query)&operation=\(query)&query=\(query)"]
            + calls.map { "calls/\($0)" }
        for path in paths {
            let text = try alice.get(path).text
            #expect(text.contains("&lt;xss-probe"), "\(path) shows nothing of it")
            #expect(!text.contains("<xss-probe"), "\(path)")
            #expect(!text.unicodeScalars.contains(Self.reversal), "\(path)")
            #expect(!text.contains(Self.bareQuote), "\(path)")
            #expect(!text.contains("</textarea>{{") && !text.contains("&gt;/c/"), "\(path) renders what it was given")
        }
        let page = try alice.get("approvals/\(pending)").text
        #expect(page.occurrences(of: "&lt;xss-probe") >= 20)
        #expect(page.contains("1.50"))
    }

    @Test("No page shows a token, a code or a cookie")
    func secrets() throws {
        let id = try harness.open()
        var alice = try harness.browser("alice")
        let session = try #require(alice.session)
        for path in ["", "pending", "history", "approvals/\(id)", "calls", "signed-out"] {
            let text = try alice.get(path).text
            for secret in [session.cookie, hex(session.hash), "secret-access-token", "eyJ", "code-1"] {
                #expect(!text.contains(secret), "\(path) shows \(secret)")
            }
        }
    }

    @Test("Every answer is protected")
    func headers() throws {
        let id = try harness.open()
        var alice = try harness.browser("alice")
        var stranger = ConsoleHarness.Browser(harness: harness)
        var answers = try ["", "pending", "approvals/\(id)", "calls", "history", "signed-out"].map { try alice.get($0) }
        answers.append(try stranger.get(""))
        answers.append(try stranger.get("pending"))
        answers.append(try alice.vote("approve", id))
        answers.append(try alice.get("callback?state=x"))
        for answer in answers {
            let policy = try #require(answer.header("Content-Security-Policy"))
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe") && !policy.contains("*"))
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
            #expect(answer.header("Referrer-Policy") == "no-referrer")
            #expect(answer.header("Cache-Control") == "no-store")
            #expect(answer.header("Cross-Origin-Opener-Policy") == "same-origin")
            for (name, value) in answer.fields where name == "Set-Cookie" {
                #expect(value.hasPrefix("__Host-") && value.hasSuffix("; Secure; HttpOnly; SameSite=Lax"))
                #expect(value.contains("; Path=/;"))
            }
        }
    }

    @Test("Pages have no script and no style of their own, and load what its hash promises")
    func inline() throws {
        let id = try harness.open()
        var alice = try harness.browser("alice")
        for path in ["", "approvals/\(id)", "calls", "history"] {
            let text = try alice.get(path).text
            #expect(!text.contains("style=") && !text.contains("<style") && !text.contains("javascript:"))
            #expect(text.occurrences(of: "<script") == 1 && text.contains(Assets.script.integrity))
            #expect(text.contains(Assets.style.integrity))
            #expect(text.firstMatch(of: /[ ]on[a-z]+=/) == nil, "an event handler in \(path)")
        }
        let style = try alice.get("assets/\(Assets.style.name)")
        #expect(style.header("Cache-Control") == "public, max-age=31536000, immutable")
        #expect(style.body == Assets.style.bytes)
    }

    @Test("Filters narrow the list, and refuse what is no choice")
    func filters() throws {
        _ = try record("agent-9")
        var alice = try harness.browser("alice")
        #expect(try alice.get("calls?subject=agent-9").text.contains("00000000-0000-7000-8000-000000000001"))
        #expect(try alice.get("calls?result=masked").text.contains("3 masked"))
        #expect(try alice.get("calls?subject=agent-8").text.contains("No call fits"))
        #expect(try alice.get("calls?result=denied").text.contains("00000000-0000-7000-8000-000000000002"))
        #expect(try alice.get("calls?period=1h&subject=agent-9").text.contains("1 calls"))
        #expect(try alice.get("calls?subject=agent-9").text.contains("3 secrets masked"))
        for query in ["period=1y", "result=x", "before=yesterday", "subject=" + String(repeating: "a", count: 257)] {
            #expect(try alice.get("calls?\(query)").status == 400)
        }
        #expect(throws: RequestError.malformed) { try alice.get("calls?period=1h&period=7d") }
        #expect(try alice.get("calls/00000000-0000-7000-8000-0000000000ff").status == 404)
        #expect(try alice.get("calls/00000000-0000-7000-8000-000000000001").text.contains("of chain"))
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension String {
    fileprivate func occurrences(of part: String) -> Int { ranges(of: part).count }
}
