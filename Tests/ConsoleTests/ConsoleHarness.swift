import Approvals
import Configuration
import FastCGI
import Foundation
import Identity
import Logging
import OpenSSL
import Postgres
import PrivateCluster
import Synchronization
import Testing

@testable import Console

/// A console on a database of its own, with a provider that lets in whoever a test says.
final class ConsoleHarness: Sendable {
    static let base = "/_postern/console/"
    let database: String
    let provider: TestProvider
    let console: Console
    let store: ApprovalStore
    private let numbers = Atomic(0)

    init() throws {
        database = try PrivateCluster.shared.get().makePosternDatabase()
        let now = UnixTime.current()
        provider = try TestProvider(now: now)
        let yaml = """
            site: gateway.example.com
            database: {url: "\(database)"}
            keys: {ring: /nowhere, checkpoint: /nowhere}
            console: {url: "https://gateway.example.com\(Self.base)", issuer: "\(TestProvider.url)",
                      client_id: \(TestProvider.clientID), approvers: {groups: [approvers]}}
            issuers: [{url: "\(TestProvider.url)", audiences: [postern], algorithms: [EdDSA], claims: {groups: groups}}]
            roles: [{arn: "arn:aws:iam::111122223333:role/agent", trust: {StringLike: {"oidc:sub": "*"}}}]
            policy: [/nowhere]
            """
        console = try Console(
            settings: Settings(parsing: yaml, file: "test.yaml"),
            ring: KeyRing.generate(at: now),
            fetch: provider.fetch,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        console.keys.refreshIfDue()
        store = ApprovalStore(database, user: "postern_worker", isListening: false)
    }

    /// A browser: its cookies, and nothing else.
    struct Browser {
        let harness: ConsoleHarness
        var cookies: [String: String] = [:]

        mutating func get(_ path: String) throws -> ConsoleResponse { try send("GET", path) }

        mutating func post(_ path: String, _ form: [(String, String)]) throws -> ConsoleResponse {
            try send("POST", path, FormFields.encode(form.map { (name: $0.0, value: $0.1) }))
        }

        mutating func send(_ method: String, _ path: String, _ body: String = "") throws -> ConsoleResponse {
            let jar = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            let parameters = ParameterList([
                "REQUEST_METHOD": method, "REQUEST_URI": ConsoleHarness.base + path, "HTTP_COOKIE": jar,
                "CONTENT_TYPE": "application/x-www-form-urlencoded", "REMOTE_ADDR": "192.0.2.7",
                "POSTERN_REQUEST_ID": "0123456789abcdef0123456789abcdef",
            ])
            let request = try ConsoleRequest(parameters, basePath: ConsoleHarness.base) { _ in Array(body.utf8) }
            let response = try harness.console.respond(to: request, at: .current())
            for (name, value) in response.fields where name == "Set-Cookie" {
                let pair = value.prefix { $0 != ";" }.split(
                    separator: "=",
                    maxSplits: 1,
                    omittingEmptySubsequences: false
                )
                cookies[String(pair[0])] = value.contains("Max-Age=0;") ? nil : String(pair[1])
            }
            return response
        }

        var session: SessionToken? { cookies[SessionToken.cookieName].flatMap(SessionToken.init(cookie:)) }

        /// The token that the page of an approval holds for its form.
        func formToken(_ id: ApprovalID) throws -> String {
            try #require(session).formToken(for: Route.approval(id).path)
        }

        mutating func vote(_ verdict: String, _ id: ApprovalID, reason: String = "looks right") throws
            -> ConsoleResponse
        {
            try post("approvals/\(id)", [("token", formToken(id)), ("verdict", verdict), ("reason", reason)])
        }
    }

    /// Logs somebody in by way of `path`.
    func browser(
        _ subject: String,
        groups: [String] = ["approvers"],
        claims: [String: String] = [:],
        path: String = ""
    ) throws -> Browser {
        provider.world.withLock {
            $0.subject = subject
            $0.groups = groups
            $0.claims = claims
        }
        var browser = Browser(harness: self)
        try logIn(&browser, path)
        return browser
    }

    func logIn(_ browser: inout Browser, _ path: String = "") throws {
        let location = try #require(try browser.get(path).location)
        let answer = try provider.answer(to: location)
        let code = try #require(answer["code"])
        let state = try #require(answer["state"])
        let response = try browser.get("callback?code=\(code)&state=\(state)")
        #expect(response.status == 303)
        #expect(response.location == Self.base + path)
    }

    /// A request that waits.
    func open(
        subject: String = "agent-7",
        quorum: Int = 1,
        approvers: String = "[]",
        fill: (inout ApprovalRequest) -> Void = { _ in }
    ) throws -> ApprovalID {
        let number = numbers.add(1, ordering: .relaxed).newValue
        var request = ApprovalRequest(
            fingerprint: SHA256.hash(Array("call \(number)".utf8)),
            terms: ApprovalTerms(approvers: approvers, quorum: quorum),
            requester: Person(issuer: TestProvider.url, subject: subject),
            operation: "ssm.PutParameter",
            summary: "Statement AskForWrites asks a person"
        )
        request.resources = ["arn:aws:ssm:eu-central-1:111122223333:parameter/prod/currency"]
        fill(&request)
        return try store.open(request).id
    }

    func state(_ id: ApprovalID) throws -> ApprovalState? { try store.find(id)?.state }

    /// Runs SQL as a role.
    func sql(_ text: String, as user: String = "postgres") throws {
        var connection = try Connection(database, user: user)
        try connection.run(text)
    }

    /// One value of a query.
    func value(_ query: String, as user: String = "postgres") throws -> String? {
        var connection = try Connection(database, user: user)
        return try connection.execute(query).text(0, 0)
    }
}

extension ConsoleResponse {
    var location: String? { fields.first { $0.name == "Location" }?.value }
    var text: String { String(decoding: body, as: UTF8.self) }

    func header(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
