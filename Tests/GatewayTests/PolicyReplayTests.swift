import AWSRequest
import Audit
import OpenSSL
import Policy
import Postgres
import PrivateCluster
import Testing

@testable import Gateway

@Suite("Replay of recorded calls", .enabled(if: PrivateCluster.isAvailable, "\(PrivateCluster.whyUnavailable)"))
struct PolicyReplayTests {
    private static let reads = """
        Version: "2012-10-17"
        Statement:
          - {Sid: Reads, Effect: Allow, Action: "ssm:Get*", Resource: "*"}
          - {Sid: Asks, Effect: RequireApproval, Action: "ssm:PutParameter", Resource: "*"}
        """

    /// Records calls of an agent, and reads them back.
    private func recorded(_ calls: [(AuditedCall, AuditedDecision)], refused: Bool = false) throws -> [RecordedCall] {
        let conninfo = try PrivateCluster.shared.get().makePosternDatabase()
        let writer = AuditWriter(.init(database: conninfo, user: "postern_worker", instance: "test"))
        for (call, decision) in calls {
            let time = AuditTime.now()
            if refused {
                let event = EventRecord(.denied, id: .make(at: time), time: time, call: call, decision: decision)
                _ = try writer.appendAndWait(event: event)
            } else {
                _ = try writer.append(
                    intent: IntentRecord(
                        id: .make(at: time),
                        time: time,
                        call: call,
                        decision: decision,
                        upstreamHost: "ssm.eu-west-1.amazonaws.com"
                    )
                )
            }
        }
        _ = try writer.appendAndWait(event: EventRecord(.policyLoaded, id: .make(), time: .now(), message: "no call"))
        writer.close()
        var connection = try Connection(conninfo, user: "postern_auditor", timeout: .seconds(20))
        let rows = try connection.execute(
            """
            SELECT \(RecordedCall.columns) FROM postern_audit.record AS r WHERE \(RecordedCall.condition)
            ORDER BY r.sequence
            """
        )
        return try (0..<rows.rowCount).map { try RecordedCall(rows, row: $0) }
    }

    private static func call(
        _ operation: String,
        _ actions: [String],
        _ resources: [String],
        _ parameters: String?,
        query: String? = nil
    ) -> AuditedCall {
        var call = AuditedCall()
        call.issuer = "https://idp.example.com"
        call.subject = "agent-1"
        call.groups = ["agents", "blue, \"team\""]
        call.role = "arn:aws:iam::111122223333:role/path/agent"
        call.sessionName = "s-1"
        call.queryID = query ?? "s-1"
        call.sourceIP = "192.0.2.7"
        call.operation = operation
        call.actions = actions
        call.resources = resources
        call.region = "eu-west-1"
        call.account = "111122223333"
        call.parameters = parameters.map { Array($0.utf8) }
        return call
    }

    private static let database = "arn:aws:ssm:eu-west-1:111122223333:parameter/app/db"

    private static func get(_ parameters: String? = #"{"Name":"/app/db"}"#) -> AuditedCall {
        call("ssm.GetParameter", ["ssm:GetParameter"], [database], parameters)
    }

    private func replay(_ calls: [RecordedCall], _ text: String) throws -> PolicyReplay {
        let policy = try PolicySet(parsing: [PolicySource(name: "new.yaml", text: text)])
        var replay = PolicyReplay(policy, try Catalogue.embedded())
        for call in calls { replay.judge(call) }
        return replay
    }

    private func policy(_ statement: String) -> String {
        "Version: \"2012-10-17\"\nStatement:\n  - {Effect: Allow, Action: \"*\", Resource: \"*\"}\n  - \(statement)\n"
    }

    @Test("Finds nothing where the decision stays")
    func unchanged() throws {
        let put = Self.call(
            "ssm.PutParameter",
            ["ssm:PutParameter"],
            [Self.database],
            #"{"Name":"/app/db","Value":"[sensitive]"}"#
        )
        let calls = try recorded([(Self.get(), .init(.allow)), (put, .init(.approved))])
        #expect(calls.map(\.outcome) == ["Allow", "RequireApproval"])
        let replay = try replay(calls, Self.reads)
        #expect(replay.calls == 2)
        #expect(replay.changes.isEmpty)
    }

    @Test("Names the call, both decisions and both statements of a change")
    func changed() throws {
        let calls = try recorded([(Self.get(), .init(.allow, statement: "Old (old.yaml:3)"))])
        let replay = try replay(calls, policy("{Sid: No, Effect: Deny, Action: ssm:GetParameter, Resource: \"*\"}"))
        let change = try #require(replay.changes.first)
        #expect(change.call.id == calls.first?.id)
        #expect(change.call.outcome == "Allow")
        #expect(change.call.statement == "Old (old.yaml:3)")
        #expect(change.outcome == "Deny")
        #expect(change.decision.statement?.sid == "No")
        #expect(change.doubts.isEmpty)
    }

    @Test("A refused call that would be allowed is a change, and one refused by default stays refused")
    func refused() throws {
        let calls = try recorded([(Self.get(), .init(.deny, statement: "No (a.yaml:1)"))], refused: true)
        #expect(try replay(calls, Self.reads).changes.map(\.outcome) == ["Allow"])
        let nothing = "Version: \"2012-10-17\"\nStatement: {Effect: Allow, Action: \"s3:*\", Resource: \"*\"}"
        #expect(try replay(calls, nothing).changes.isEmpty)
    }

    @Test("Another masking profile is a change")
    func masking() throws {
        let calls = try recorded([(Self.get(), .init(.allow, maskProfile: "strict"))])
        let changes = try replay(calls, Self.reads).changes
        #expect(changes.map(\.outcome) == ["Allow"])
        #expect(changes.first?.call.maskProfile == "strict")
    }

    @Test(
        "Judges by what was recorded of caller and call",
        arguments: [
            #"{StringEquals: {"oidc:sub": agent-1}}"#, #"{StringEquals: {"oidc:iss": "https://idp.example.com"}}"#,
            #"{"ForAnyValue:StringEquals": {"oidc:groups": "blue, \"team\""}}"#,
            #"{ArnLike: {"postern:Role": "arn:aws:iam::*:role/path/agent"}}"#,
            #"{StringEquals: {"aws:PrincipalArn": "arn:aws:sts::111122223333:assumed-role/agent/s-1"}}"#,
            #"{StringEquals: {"aws:PrincipalAccount": "111122223333"}}"#,
            #"{IpAddress: {"aws:SourceIp": 192.0.2.0/24}}"#,
            #"{StringEquals: {"aws:RequestedRegion": eu-west-1}}"#, #"{StringEquals: {"request:Name": /app/db}}"#,
            #"{DateGreaterThan: {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}"#,
            #"{Bool: {"postern:Presigned": false}}"#,
            #"{StringEquals: {"postern:AccessLevel": Read}}"#, #"{StringEquals: {"postern:SessionName": s-1}}"#,
            #"{Null: {"postern:App": true, "aws:UserAgent": true, "request:WithDecryption": true}}"#,
        ]
    )
    func context(_ condition: String) throws {
        let calls = try recorded([(Self.get(), .init(.allow))])
        let matching = "{Sid: No, Effect: Deny, Action: \"*\", Resource: \"\(Self.database)\", Condition: \(condition)}"
        let change = try #require(try replay(calls, policy(matching)).changes.first)
        #expect(change.decision.isCertain)
        #expect(change.doubts.isEmpty)
    }

    @Test(
        "What the audit does not keep counts against the call and is named",
        arguments: [
            (#"{StringEquals: {"oidc:team": blue}}"#, "oidc:team"), (#"{Null: {"oidc:aud": true}}"#, "oidc:aud"),
            (#"{StringEquals: {"postern:Query": s-1}}"#, "postern:Query"),
            (#"{DateLessThan: {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}"#, "aws:TokenIssueTime"),
            (#"{StringEquals: {"request:Value": x}}"#, "request:Value"),
        ]
    )
    func doubts(_ condition: String, _ key: String) throws {
        let put = Self.call(
            "ssm.PutParameter",
            ["ssm:PutParameter"],
            [Self.database],
            #"{"Name":"/app/db","Value":"[masked:password:1a2b]"}"#
        )
        let calls = try recorded([(put, .init(.allow))])
        let denial = "{Sid: No, Effect: Deny, Action: \"*\", Resource: \"*\", Condition: \(condition)}"
        let change = try #require(try replay(calls, policy(denial)).changes.first)
        #expect(change.doubts == [key])
        #expect(!change.decision.isCertain)
    }

    @Test("Gives each action its own resources where the parameters tell them")
    func resources() throws {
        let copy = Self.call(
            "s3.CopyObject",
            ["s3:PutObject", "s3:GetObject"],
            ["arn:aws:s3:::b-1/k", "arn:aws:s3:::b-2/a"],
            #"{"Bucket":"b-1","Key":"k","CopySource":"b-2/a"}"#
        )
        let calls = try recorded([(copy, .init(.allow))])
        let requests = try #require(calls.first).requests(try Catalogue.embedded())
        #expect(requests.map(\.resources) == [["arn:aws:s3:::b-1/k"], ["arn:aws:s3:::b-2/a"]])
        #expect(requests.map(\.accessLevel) == ["Write", "Read"])
    }

    @Test(
        "Takes every action to be about all resources where the parameters do not tell",
        arguments: [
            nil, #"{"Bucket":"b-1","Key":"[masked:name:1]","CopySource":"b-2/a"}"#,
            #"{"postern:omitted":"too large","bytes":70000}"#,
        ]
    )
    func approximateResources(_ parameters: String?) throws {
        let resources = ["arn:aws:s3:::b-1/k", "arn:aws:s3:::b-2/a"]
        let copy = Self.call("s3.CopyObject", ["s3:PutObject", "s3:GetObject"], resources, parameters)
        let requests = try #require(try recorded([(copy, .init(.allow))]).first).requests(try Catalogue.embedded())
        #expect(requests.map(\.resources) == [resources, resources])
    }

    @Test("Resources that were not known, or that were masked, are unknown")
    func unknownResources() throws {
        for resources in [[], ["arn:aws:s3:::b-1/[masked:name:1]"]] {
            let get = Self.call("s3.GetObject", ["s3:GetObject"], resources, nil)
            let requests = try #require(try recorded([(get, .init(.allow))]).first).requests(try Catalogue.embedded())
            #expect(requests.map(\.resources) == [nil])
        }
    }

    @Test("An operation that the catalogue no longer has is judged by its recorded actions")
    func unknownOperation() throws {
        let call = Self.call("gone.DoThings", ["gone:DoThings"], ["*"], "{}")
        let calls = try recorded([(call, .init(.allow))])
        #expect(
            try replay(calls, policy("{Sid: No, Effect: Deny, Action: gone:DoThings, Resource: \"*\"}")).changes.count
                == 1
        )
        #expect(try #require(calls.first).requests(try Catalogue.embedded()).map(\.accessLevel) == [nil])
    }
}
