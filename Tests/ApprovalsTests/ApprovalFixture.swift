import Approvals
import OpenSSL
import Postgres
import PrivateCluster
import Synchronization
import Testing

/// A migrated database and approvals in it.
struct ApprovalFixture {
    let conninfo: String

    init() throws {
        conninfo = try PrivateCluster.shared.get().makePosternDatabase()
    }

    func store(isListening: Bool = false, user: String = "postern_worker", connections: Int = 4) -> ApprovalStore {
        ApprovalStore(conninfo, user: user, connections: connections, isListening: isListening)
    }

    func connect(as user: String = "postgres") throws -> Connection {
        try Connection(conninfo, user: user, timeout: .seconds(20))
    }

    /// Roles are the cluster's, and tests run at once.
    private static let roles = Mutex(())

    /// Makes a role for approvers; the cluster's other tests may have made it already.
    func makeApprover(_ name: String, groups: [String] = []) throws {
        try Self.roles.withLock { _ in
            var connection = try connect()
            for role in groups { try make(role, "NOLOGIN", &connection) }
            try make(name, "LOGIN", &connection)
            for role in groups + ["postern_approver"] { _ = try connection.execute("GRANT \(role) TO \(name)") }
        }
    }

    private func make(_ role: String, _ login: String, _ connection: inout Connection) throws {
        try connection.run(
            """
            DO $$ BEGIN CREATE ROLE \(role) \(login);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
            """
        )
    }

    static func request(
        _ key: String = "call",
        terms: ApprovalTerms = ApprovalTerms(),
        subject: String = "agent-1"
    ) -> ApprovalRequest {
        let requester = Person(issuer: "https://idp.example.com", subject: subject)
        var request = ApprovalRequest(
            fingerprint: CallFingerprint.digest(
                requester: requester,
                role: "r",
                account: "111122223333",
                region: "us-east-1",
                operation: "ssm.PutParameter",
                scope: .call(parameters: Array(key.utf8))
            ),
            terms: terms,
            requester: requester,
            operation: "ssm.PutParameter",
            summary: "Writes the parameter /app\0/<b>db</b>"
        )
        request.groups = ["agents"]
        request.resources = ["arn:aws:ssm:us-east-1:111122223333:parameter/app/db"]
        request.actions = ["ssm:PutParameter"]
        request.parameters = #"{"Name": "/app/db"}"#
        request.queryID = "query-1"
        return request
    }
}

extension Trait where Self == ConditionTrait {
    static var needsPostgres: Self {
        .enabled(if: PrivateCluster.isAvailable, "\(PrivateCluster.whyUnavailable)")
    }
}

/// Lets `count` tasks do the same at once and returns what each got.
func race<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
        for index in 0..<count { group.addTask { try body(index) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
