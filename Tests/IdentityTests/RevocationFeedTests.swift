import Foundation
import Postgres
import PrivateCluster
import Synchronization
import Testing

@testable import Identity

@Suite("Revocation feed", .enabled(if: PrivateCluster.isAvailable, "\(PrivateCluster.whyUnavailable)"), .serialized)
struct RevocationFeedTests {
    private let database: String
    private let revocations = Revocations(staleAfter: 3)

    init() throws {
        database = try PrivateCluster.shared.get().makePosternDatabase()
    }

    private func session() throws -> Session {
        let issued = UnixTime.current().adding(-10)
        let principal = Principal(
            issuer: "https://idp.example.com",
            subject: "agent-7",
            audience: "postern",
            groups: [],
            email: nil,
            claims: ClaimSet([:]),
            issued: issued,
            expires: issued.adding(3600)
        )
        return Session(
            id: SessionID(try AccessKeyID(parsing: "PSTNAAAABBBBCCCCDDDDEEEE")),
            principal: principal,
            role: try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent"),
            name: try RoleSessionName(parsing: "ab"),
            query: nil,
            app: nil,
            issued: issued,
            expires: issued.adding(3600)
        )
    }

    private func verdict(_ session: Session) -> SessionError? {
        do throws(SessionError) {
            try revocations.check(session, at: .current())
            return nil
        } catch {
            return error
        }
    }

    /// Waits until the verdict is the expected one; seconds that it took, or nil after eight.
    private func time(until expected: SessionError?, _ session: Session) -> Double? {
        let start = Date()
        while Date().timeIntervalSince(start) < 8 {
            if verdict(session) == expected { return Date().timeIntervalSince(start) }
            usleep(5000)
        }
        return nil
    }

    private func feed(_ report: @escaping @Sendable (RevocationFeed.Event) -> Void = { _ in }) -> RevocationFeed {
        RevocationFeed(database: database, user: "postern_auth", into: revocations, report: report)
    }

    private func execute(_ sql: String) throws {
        var connection = try Connection(database, user: "postgres")
        _ = try connection.execute(sql)
    }

    @Test(
        "A revocation is known within a second",
        arguments: [
            ("session", "PSTNAAAABBBBCCCCDDDDEEEE"), ("principal", "https://idp.example.com agent-7"),
            ("role", "arn:aws:iam::111122223333:role/agent"), ("all", ""),
        ]
    )
    func known(_ kind: String, _ value: String) throws {
        let session = try session()
        let feed = feed()
        defer { feed.stop() }
        #expect(verdict(session) == .revocationsUnknown)
        #expect(time(until: nil, session) != nil)
        try execute("SELECT postern.revoke('\(kind)', '\(value)', 'test')")
        #expect(try #require(time(until: .revoked, session)) < 1)
    }

    @Test("A notification that is lost costs little more than a second")
    func polls() throws {
        let session = try session()
        let feed = feed()
        defer { feed.stop() }
        #expect(time(until: nil, session) != nil)
        try execute(
            "INSERT INTO postern.revocation (kind, value, revoked_by, reason) VALUES ('all', '', 'test', 'test')"
        )
        #expect(try #require(time(until: .revoked, session)) < 2.5)
    }

    @Test("A list that cannot be read refuses everybody, and is known again when it can")
    func unreadable() throws {
        let session = try session()
        let feed = feed { event in Self.events.withLock { $0.append(event) } }
        defer { feed.stop() }
        #expect(time(until: nil, session) != nil)
        try execute("REVOKE SELECT ON postern.revocation FROM postern_auth")
        #expect(time(until: .revocationsUnknown, session) != nil)
        try execute("GRANT SELECT ON postern.revocation TO postern_auth")
        #expect(time(until: nil, session) != nil)
        let told = Self.events.withLock { $0 }
        #expect(told.count == 3 && told.first == .known(entries: 0) && told.last == .known(entries: 0))
    }

    private static let events = Mutex<[RevocationFeed.Event]>([])
}
