import Foundation
import OpenSSL
import Synchronization
import Testing

@testable import Identity

@Suite("Refreshing credentials")
struct RefreshingCredentialsTests {
    private static let start = UnixTime(seconds: 1_800_000_000)

    /// A clock and a source that are set by the test.
    final class Source: Sendable {
        struct State: Sendable {
            var now = RefreshingCredentialsTests.start
            var loads = 0
            var lifetime: Int64? = 3600
            var error: AWSCredentialsError?
        }
        let state = Mutex(State())
        let pause: useconds_t

        init(pause: useconds_t = 0) { self.pause = pause }

        var credentials: RefreshingCredentials {
            RefreshingCredentials(clock: { [self] in state.withLock(\.now) }) {
                [self] now throws(AWSCredentialsError) in
                usleep(pause)
                let (error, number, lifetime) = state.withLock { state in
                    state.loads += 1
                    return (state.error, state.loads, state.lifetime)
                }
                if let error { throw error }
                let made = AWSCredentials(
                    accessKeyID: "ASIA\(1_000_000_000_000_000 + number)",
                    secretAccessKey: "s",
                    sessionToken: "t",
                    expires: lifetime.map { now.adding($0) }
                )
                guard let made else { throw .notConfigured }
                return made
            }
        }

        var loads: Int { state.withLock(\.loads) }
        func pass(_ seconds: Int64) { state.withLock { $0.now = $0.now.adding(seconds) } }
        func fail(_ error: AWSCredentialsError?) { state.withLock { $0.error = error } }
    }

    @Test("Loads once, refreshes ahead, and keeps a permanent one for good")
    func ahead() throws {
        let source = Source()
        let credentials = source.credentials
        let first = try credentials.credentials()
        source.pass(3299)
        #expect(try credentials.credentials() == first && source.loads == 1)
        source.pass(1)
        #expect(try credentials.credentials() != first && source.loads == 2)
        let permanent = Source()
        permanent.state.withLock { $0.lifetime = nil }
        let static1 = permanent.credentials
        _ = try static1.credentials()
        permanent.pass(10_000_000)
        _ = try static1.credentials()
        #expect(permanent.loads == 1)
    }

    @Test("Goes on with what is there while the source is down, to its end and not beyond")
    func sourceDown() throws {
        let source = Source()
        let credentials = source.credentials
        let first = try credentials.credentials()
        source.fail(.fetch(source: "x", .unreachable))
        source.pass(3400)
        #expect(try credentials.credentials() == first)
        source.pass(190)
        #expect(try credentials.credentials() == first)
        source.pass(10)
        #expect(throws: AWSCredentialsError.fetch(source: "x", .unreachable)) { try credentials.credentials() }
        source.fail(nil)
        source.pass(5)
        #expect(try credentials.credentials() != first)
    }

    @Test("A failure is remembered for five seconds, so that waiting threads do not repeat it")
    func failureLasts() throws {
        let source = Source()
        let credentials = source.credentials
        source.fail(.notConfigured)
        for _ in 0..<100 { #expect(throws: AWSCredentialsError.notConfigured) { try credentials.credentials() } }
        #expect(source.loads == 1)
        source.pass(5)
        #expect(throws: AWSCredentialsError.notConfigured) { try credentials.credentials() }
        #expect(source.loads == 2)
    }

    @Test("Replaces one that AWS called expired once, however many calls it fails")
    func replaces() throws {
        let source = Source()
        let credentials = source.credentials
        let stale = try credentials.credentials()
        let fresh = try credentials.replace(stale)
        #expect(fresh != stale)
        #expect(try credentials.replace(stale) == fresh)
        #expect(source.loads == 2)
    }

    @Test("Answers that agents can provoke do not become a stream of loads")
    func replacesSeldom() throws {
        let source = Source()
        let credentials = source.credentials
        let second = try credentials.replace(try credentials.credentials())
        for _ in 0..<100 { #expect(try credentials.replace(second) == second) }
        source.pass(9)
        #expect(try credentials.replace(second) == second && source.loads == 2)
        source.pass(1)
        #expect(try credentials.replace(second) != second && source.loads == 3)
    }

    @Test("A failed replacement is no replacement: the next one is tried")
    func replacementFails() throws {
        let source = Source()
        let credentials = source.credentials
        let stale = try credentials.credentials()
        source.fail(.notConfigured)
        #expect(throws: AWSCredentialsError.notConfigured) { try credentials.replace(stale) }
        source.fail(nil)
        source.pass(5)
        #expect(try credentials.replace(stale) != stale)
    }

    @Test(
        "Takes as AWS's refusal of a credential what is one, and nothing else",
        arguments: [
            ("ExpiredToken", true), ("ExpiredTokenException", true), ("InvalidClientTokenId", true),
            ("UnrecognizedClientException", true), ("RequestExpired", true), ("InvalidAccessKeyId", true),
            ("AccessDenied", false), ("SignatureDoesNotMatch", false), ("ThrottlingException", false),
            ("ExpiredIteratorException", false), ("expiredtoken", false), ("", false),
        ]
    )
    func refusals(_ code: String, _ isRefusal: Bool) {
        #expect(AWSCredentials.isRefusal(code: code) == isRefusal)
    }

    @Test("Many threads at once load once, and all get the same")
    func singleFlight() async throws {
        let source = Source(pause: 50_000)
        let credentials = source.credentials
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try credentials.credentials().accessKeyID } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1 && source.loads == 1)
        // Ahead of the end one refreshes and nobody waits for it.
        source.pass(3400)
        _ = try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try credentials.credentials() } }
            try await group.waitForAll()
        }
        #expect(source.loads == 2)
    }
}

@Suite("Assumed roles")
struct AssumedRolesTests {
    private let now = SessionTests.now

    private func assertion(subject: String = "agent-7", query: String? = "q/1", app: String? = nil) throws
        -> IdentityAssertion
    {
        let principal = Principal(
            issuer: "https://idp.example.com/a~b",
            subject: subject,
            audience: "postern",
            groups: [],
            email: nil,
            claims: ClaimSet([:]),
            issued: now,
            expires: now.adding(300)
        )
        let id = try AccessKeyID(parsing: "PSTNAAAABBBBCCCCDDDDEEEE")
        let session = Session(
            id: SessionID(id),
            principal: principal,
            role: try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent"),
            name: try RoleSessionName(parsing: "botocore-session-1"),
            query: nil,
            app: nil,
            issued: now,
            expires: now.adding(3600)
        )
        return IdentityAssertion(
            session: session,
            credential: .accessKey(id),
            query: try query.map { try CallLabel(parsing: $0) },
            app: try app.map { try CallLabel(parsing: $0) },
            isPresigned: false
        )
    }

    private func roles(_ fake: FakeEndpoints, capacity: Int = 1000) -> AssumedRoles {
        let loader = fake.loader(["AWS_ACCESS_KEY_ID": "AKIAENV0000000000001", "AWS_SECRET_ACCESS_KEY": "s"])
        let base = RefreshingCredentials(clock: { SessionTests.now }) { now throws(AWSCredentialsError) in
            try loader.load(.environment, at: now)
        }
        return AssumedRoles(base: base, sts: fake.sts, capacity: capacity) { SessionTests.now }
    }

    @Test("CloudTrail names the agent: session name, source identity and tags")
    func request() throws {
        let fake = FakeEndpoints()
        fake.answer("POST " + FakeEndpoints.stsURL, FakeEndpoints.stsAnswer("AssumeRole"))
        let assertion = try assertion(subject: "auth0|a=b", app: "claude-code")
        let identity = try UpstreamIdentity(assertion, role: assertion.session.role, externalID: "ext")
        _ = try roles(fake).credentials(for: identity)
        let form = try FormBody(parsing: try #require(fake.requests.first).body).parameters
        #expect(
            form == [
                "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::111122223333:role/agent",
                "RoleSessionName": "PSTNAAAABBBBCCCCDDDDEEEE", "DurationSeconds": "3600", "ExternalId": "ext",
                "SourceIdentity": "auth0=7ca=3db", "Tags.member.1.Key": "postern:session",
                "Tags.member.1.Value": "PSTNAAAABBBBCCCCDDDDEEEE", "Tags.member.2.Key": "postern:issuer",
                "Tags.member.2.Value": "https://idp.example.com/a=7eb", "Tags.member.3.Key": "postern:subject",
                "Tags.member.3.Value": "auth0=7ca=3db", "Tags.member.4.Key": "postern:query",
                "Tags.member.4.Value": "q/1", "Tags.member.5.Key": "postern:app", "Tags.member.5.Value": "claude-code",
            ]
        )
    }

    @Test("Leaves out what a role's trust policy does not allow")
    func marks() throws {
        let assertion = try assertion()
        let marks = UpstreamIdentity.Marks(sourceIdentity: false, tags: false)
        let identity = try UpstreamIdentity(assertion, role: assertion.session.role, marks: marks)
        #expect(identity.sourceIdentity == nil && identity.tags.isEmpty)
    }

    @Test("Source identities stay in STS's form, and different subjects stay different")
    func sourceIdentities() throws {
        var seen: Set<String> = []
        let subjects = [
            "a", "ab", "a|b", "a=7cb", "=h", "aws:x", "a b", String(repeating: "s", count: 64),
            String(repeating: "s", count: 65), String(repeating: "s", count: 255), String(repeating: "|", count: 22),
        ]
        for subject in subjects {
            let identity = try UpstreamIdentity(
                assertion(subject: subject),
                role: RoleARN(parsing: "arn:aws:iam::111122223333:role/agent"),
                marks: UpstreamIdentity.Marks(tags: false)
            )
            let text = try #require(identity.sourceIdentity)
            #expect((2...64).contains(text.utf8.count) && text.utf8.allSatisfy(IAMCharacters.isNameCharacter))
            #expect(!text.hasPrefix("aws:"))
            seen.insert(text)
        }
        #expect(seen.count == subjects.count)
    }

    @Test("Refuses a tag that is too long rather than cut it")
    func tooLong() throws {
        let assertion = try assertion(subject: String(repeating: "|", count: 86))
        #expect(throws: AWSCredentialsError.tagTooLong("postern:subject")) {
            try UpstreamIdentity(assertion, role: assertion.session.role)
        }
        _ = try UpstreamIdentity(
            try self.assertion(subject: String(repeating: "|", count: 85)),
            role: assertion.session.role
        )
    }

    @Test("Each identity has its own credential; the same one is fetched once")
    func keyed() throws {
        let fake = FakeEndpoints()
        fake.answer(
            "POST " + FakeEndpoints.stsURL,
            FakeEndpoints.stsAnswer("AssumeRole", expires: "2027-01-15T09:00:00Z")
        )
        let roles = roles(fake)
        let role = try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent")
        let other = try RoleARN(parsing: "arn:aws:iam::111122223333:role/other")
        let identities = [
            try UpstreamIdentity(assertion(), role: role), try UpstreamIdentity(assertion(), role: other),
            try UpstreamIdentity(assertion(subject: "agent-8"), role: role),
            try UpstreamIdentity(assertion(query: "q/2"), role: role),
            try UpstreamIdentity(assertion(query: nil), role: role),
            try UpstreamIdentity(assertion(app: "x"), role: role),
            try UpstreamIdentity(assertion(), role: role, externalID: "e"),
        ]
        for _ in 0..<3 {
            for identity in identities { _ = try roles.credentials(for: identity) }
        }
        #expect(fake.requests.count == identities.count)
    }

    @Test(
        "An own credential that STS calls expired is replaced once; any other refusal stands",
        arguments: [("ExpiredToken", 2), ("AccessDenied", 1)]
    )
    func ownExpired(_ code: String, _ requests: Int) throws {
        let fake = FakeEndpoints()
        let error = "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code></Error></ErrorResponse>"
        fake.answer("POST " + FakeEndpoints.stsURL, error, status: 403)
        let source = RefreshingCredentialsTests.Source()
        let roles = AssumedRoles(base: source.credentials, sts: fake.sts)
        let identity = try UpstreamIdentity(
            assertion(),
            role: RoleARN(parsing: "arn:aws:iam::111122223333:role/agent")
        )
        #expect(throws: AWSCredentialsError.refused(code: code)) { try roles.credentials(for: identity) }
        #expect(fake.requests.count == requests && source.loads == requests)
    }

    @Test("Keeps no more than its capacity, the longest unused going first")
    func capacity() throws {
        let fake = FakeEndpoints()
        fake.answer("POST " + FakeEndpoints.stsURL, FakeEndpoints.stsAnswer("AssumeRole"))
        let roles = roles(fake, capacity: 2)
        let role = try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent")
        let identities = try (0..<3).map { try UpstreamIdentity(assertion(query: "q/\($0)"), role: role) }
        for index in [0, 1, 0, 2, 0] { _ = try roles.credentials(for: identities[index]) }
        #expect(roles.count == 2 && fake.requests.count == 3)
        _ = try roles.credentials(for: identities[1])
        #expect(fake.requests.count == 4)
    }
}
