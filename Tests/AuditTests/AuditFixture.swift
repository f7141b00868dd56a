import OpenSSL
import Postgres
import PrivateCluster
import Testing

@testable import Audit

/// A migrated database and what the tests ask of it.
struct AuditFixture {
    let conninfo: String

    init() throws {
        conninfo = try PrivateCluster.shared.get().makePosternDatabase()
    }

    func writer(_ change: (inout AuditWriter.Settings) -> Void = { _ in }) -> AuditWriter {
        var settings = AuditWriter.Settings(database: conninfo, user: "postern_worker", instance: "test")
        change(&settings)
        return AuditWriter(settings)
    }

    func connect(as user: String = "postgres") throws -> Connection {
        try Connection(conninfo, user: user, timeout: .seconds(20))
    }

    func count(_ sql: String) throws -> Int64 {
        var connection = try connect()
        return try connection.execute(sql).integer(0, 0) ?? -1
    }

    /// Records whose hash is not what PostgreSQL itself computes from the row and the one before.
    func brokenLinks() throws -> Int64 {
        try count(
            """
            SELECT count(*) FROM (
                SELECT r.hash, postern_audit.canonical(r.*) AS canonical,
                       coalesce(lag(r.hash) OVER w, postern_audit.genesis(r.writer)) AS previous,
                       r.sequence - coalesce(lag(r.sequence) OVER w, 0) AS step
                FROM postern_audit.record AS r WINDOW w AS (PARTITION BY r.writer ORDER BY r.sequence)) AS t
            WHERE hash <> sha256(previous || canonical) OR step <> 1
            """
        )
    }

    static func intent(subject: String = "agent-1") -> IntentRecord {
        let time = AuditTime.now()
        var call = AuditedCall()
        call.requestID = .make()
        call.issuer = "https://idp.example.com"
        call.subject = subject
        call.groups = ["agents", "with \"quotes\", commas"]
        call.role = "arn:aws:iam::111122223333:role/agent"
        call.sessionID = "s-1"
        call.sessionName = "query-8f3a"
        call.queryID = "query-8f3a"
        call.app = "codex"
        call.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        call.sourceIP = "192.0.2.7"
        call.userAgent = "aws-cli/2.15.0 md/awscrt#0.19.19 ua/2.0 os/linux#6.1 lang/python#3.11 exec-env/none"
        call.operation = "ssm.GetParameter"
        call.actions = ["ssm:GetParameter"]
        call.accessLevel = "Read"
        call.resources = ["arn:aws:ssm:us-east-1:111122223333:parameter/app/db"]
        call.region = "us-east-1"
        call.account = "111122223333"
        call.parameters = Array(#"{"Name": "/app/db",  "WithDecryption": true, "n": 1.50}"#.utf8)
        call.bodySHA256 = SHA256.hash([1, 2, 3])
        let decision = AuditedDecision(
            .allow,
            statement: "ReadOnly policy.yaml:12",
            policyHash: SHA256.hash([4]),
            explanation: "allowed by ReadOnly",
            maskProfile: "default"
        )
        return IntentRecord(
            id: .make(at: time),
            time: time,
            call: call,
            decision: decision,
            upstreamHost: "ssm.us-east-1.amazonaws.com"
        )
    }

    static func outcome(of id: RecordID) -> OutcomeRecord {
        var outcome = OutcomeRecord(id: id, time: .now())
        outcome.status = 200
        outcome.awsRequestID = "b25f48e8-84fd-11e6-80d9-574e0c4664cb"
        outcome.bytesIn = 55
        outcome.bytesOut = 301
        outcome.responseSHA256 = SHA256.hash([5])
        outcome.findings = [("aws-secret-access-key", 1), ("password", 2)]
        outcome.timings = [("decide", 12), ("upstream", 43_210)]
        outcome.isCompleted = true
        return outcome
    }
}

extension Trait where Self == ConditionTrait {
    static var needsPostgres: Self {
        .enabled(if: PrivateCluster.isAvailable, "\(PrivateCluster.whyUnavailable)")
    }
}
