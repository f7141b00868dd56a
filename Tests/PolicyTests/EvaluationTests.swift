import Policy
import Testing

/// One row of the evaluation rules: statements, a call, the outcome.
struct EvaluationCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let statements: String
    var action = "s3:GetObject"
    var resource: String? = "arn:aws:s3:::reports/2026/q1.csv"
    let outcome: String

    static let all: [EvaluationCase] = [
        .init(
            testDescription: "what no statement is about is refused",
            statements: "- {Effect: Allow, Action: ec2:*, Resource: '*'}",
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "an Allow allows",
            statements: "- {Effect: Allow, Action: s3:GetObject, Resource: '*'}",
            outcome: "Allow"
        ),
        .init(
            testDescription: "a Deny wins over an Allow that is more precise",
            statements: """
                - {Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::reports/2026/q1.csv'}
                - {Effect: Deny, Action: '*', Resource: '*'}
                """,
            outcome: "Deny"
        ),
        .init(
            testDescription: "a Deny wins over RequireApproval",
            statements: """
                - {Effect: RequireApproval, Action: '*', Resource: '*'}
                - {Effect: Deny, Action: s3:Get*, Resource: '*'}
                """,
            outcome: "Deny"
        ),
        .init(
            testDescription: "RequireApproval wins over Allow",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: RequireApproval, Action: s3:*, Resource: '*'}
                """,
            outcome: "RequireApproval"
        ),
        .init(
            testDescription: "RequireApproval alone is enough to ask",
            statements: "- {Effect: RequireApproval, Action: s3:*, Resource: '*'}",
            outcome: "RequireApproval"
        ),
        .init(
            testDescription: "actions do not depend on case",
            statements: "- {Effect: Allow, Action: S3:GETOBJECT, Resource: '*'}",
            outcome: "Allow"
        ),
        .init(
            testDescription: "resources do depend on case",
            statements: "- {Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::Reports/*'}",
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "* in a resource crosses slashes",
            statements: "- {Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::reports/*.csv'}",
            outcome: "Allow"
        ),
        .init(
            testDescription: "? is exactly one character",
            statements: "- {Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::reports/20??/q?.csv'}",
            outcome: "Allow"
        ),
        .init(
            testDescription: "a bucket's ARN does not cover its objects",
            statements: "- {Effect: Allow, Action: s3:*, Resource: 'arn:aws:s3:::reports'}",
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "NotAction is every other action",
            statements: "- {Effect: Allow, NotAction: [iam:*, 'sts:*'], Resource: '*'}",
            outcome: "Allow"
        ),
        .init(
            testDescription: "NotAction leaves out what it names",
            statements: "- {Effect: Allow, NotAction: 's3:Get*', Resource: '*'}",
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "a Deny with NotAction leaves what it names to the others",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: Deny, NotAction: 's3:*', Resource: '*'}
                """,
            outcome: "Allow"
        ),
        .init(
            testDescription: "NotResource is every other resource",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: Deny, Action: s3:*, NotResource: 'arn:aws:s3:::public/*'}
                """,
            outcome: "Deny"
        ),
        .init(
            testDescription: "NotResource leaves out what it names",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: Deny, Action: s3:*, NotResource: 'arn:aws:s3:::reports/*'}
                """,
            outcome: "Allow"
        ),
        .init(
            testDescription: "an ARN cut short stands for all that could follow",
            statements: "- {Effect: Allow, Action: s3:*, Resource: 'arn:aws:s3'}",
            outcome: "Allow"
        ),
        .init(
            testDescription: "an action without resources is matched by * only",
            statements: "- {Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::*'}",
            action: "s3:ListAllMyBuckets",
            resource: "*",
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "a Deny on some resources is not about an action without any",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3:::*'}
                """,
            action: "s3:ListAllMyBuckets",
            resource: "*",
            outcome: "Allow"
        ),
        .init(
            testDescription: "an Allow does not match a resource that is not known",
            statements: "- {Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::*'}",
            resource: nil,
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "an Allow of everything matches a resource that is not known",
            statements: "- {Effect: Allow, Action: 's3:*', Resource: '*'}",
            resource: nil,
            outcome: "Allow"
        ),
        .init(
            testDescription: "a Deny matches a resource that is not known",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3:::prod/*'}
                """,
            resource: nil,
            outcome: "Deny"
        ),
        .init(
            testDescription: "RequireApproval matches a resource that is not known",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: RequireApproval, Action: 's3:*', Resource: 'arn:aws:s3:::prod/*'}
                """,
            resource: nil,
            outcome: "RequireApproval"
        ),
        .init(
            testDescription: "an Allow with NotResource does not match a resource that is not known",
            statements: "- {Effect: Allow, Action: 's3:*', NotResource: 'arn:aws:s3:::prod/*'}",
            resource: nil,
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "a part that is not known is covered by a wildcard",
            statements: "- {Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::reports/*'}",
            resource: "arn:aws:s3:::reports/*",
            outcome: "Allow"
        ),
        .init(
            testDescription: "a part that is not known is not covered by anything narrower",
            statements: "- {Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::reports/2026/*'}",
            resource: "arn:aws:s3:::reports/*",
            outcome: "DefaultDeny"
        ),
        .init(
            testDescription: "a Deny matches where the part that is not known could be meant",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3:::reports/2026/*'}
                """,
            resource: "arn:aws:s3:::reports/*",
            outcome: "Deny"
        ),
        .init(
            testDescription: "a Deny does not match where the known parts differ",
            statements: """
                - {Effect: Allow, Action: '*', Resource: '*'}
                - {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3:::prod/*'}
                """,
            resource: "arn:aws:s3:::reports/*",
            outcome: "Allow"
        ),
        .init(
            testDescription: "a name without service is no action",
            statements: "- {Effect: Allow, Action: '*', Resource: '*'}",
            action: "GetObject",
            outcome: "DefaultDeny"
        ),
    ]
}

@Suite("Evaluation")
struct EvaluationTests {
    @Test("Follows IAM's rules", arguments: EvaluationCase.all)
    func follows(_ row: EvaluationCase) throws {
        let decision = try statements(row.statements).decide(row.action, on: row.resource)
        #expect(decision.outcome.name == row.outcome)
    }

    @Test("A call without any action is refused")
    func refusesNothing() throws {
        let decision = try statements("- {Effect: Allow, Action: '*', Resource: '*'}").decide([], in: .init([:]))
        #expect(decision.outcome.name == "DefaultDeny")
    }

    @Test("Names the statement that decided")
    func namesStatement() throws {
        let decision = try statements(
            """
            - {Effect: Allow, Action: '*', Resource: '*'}
            - Sid: NoTokens
              Effect: Deny
              Action: sts:*
              Resource: '*'
            """
        ).decide("sts:AssumeRole")
        #expect(decision.statement?.label == "NoTokens")
        #expect(decision.statement?.position.line == 4)
        #expect(decision.statement?.number == 2)
        #expect(decision.summary == "sts:AssumeRole is denied by NoTokens")
    }

    @Test(
        "With several actions the strictest answer counts",
        arguments: [
            (["s3:GetObject"], "Allow"),
            (["s3:GetObject", "s3:PutObject"], "RequireApproval"),
            (["s3:PutObject", "s3:GetObject"], "RequireApproval"),
            (["s3:PutObject", "s3:PutObjectAcl"], "Deny"),
            (["s3:PutObject", "kms:Encrypt"], "DefaultDeny"),
            (["kms:Encrypt", "s3:PutObjectAcl"], "Deny"),
        ]
    )
    func strictestAction(_ actions: [String], _ outcome: String) throws {
        let decision = try statements(
            """
            - {Effect: Allow, Action: 's3:Get*', Resource: '*'}
            - {Effect: RequireApproval, Action: 's3:Put*', Resource: '*'}
            - {Effect: Deny, Action: 's3:PutObjectAcl', Resource: '*'}
            """
        ).decide(actions.map { .init(action: $0, resources: [], accessLevel: nil) }, in: .init([:]))
        #expect(decision.outcome.name == outcome)
    }

    @Test("With several resources each one is judged")
    func everyResource() throws {
        let policy = try statements("- {Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::a/*'}")
        let keys = ["arn:aws:s3:::a/1", "arn:aws:s3:::a/2", "arn:aws:s3:::b/3"]
        let both = policy.decide(
            [.init(action: "s3:DeleteObject", resources: keys, accessLevel: "Write")],
            in: .init([:])
        )
        #expect(both.outcome.name == "DefaultDeny")
        #expect(both.resource == "arn:aws:s3:::b/3")
        let first = policy.decide(
            [.init(action: "s3:DeleteObject", resources: Array(keys.prefix(2)), accessLevel: "Write")],
            in: .init([:])
        )
        #expect(first.outcome.name == "Allow")
    }

    @Test("Of several that are equally strict the first decides")
    func firstDecides() throws {
        let policy = try statements(
            """
            - {Sid: One, Effect: Deny, Action: 's3:*', Resource: '*'}
            - {Sid: Two, Effect: Deny, Action: '*', Resource: '*'}
            """
        )
        let requests = ["s3:GetObject", "kms:Decrypt"].map {
            AuthorizationRequest(action: $0, resources: [], accessLevel: nil)
        }
        let decision = policy.decide(requests, in: .init([:]))
        #expect(decision.action == "s3:GetObject")
        #expect(decision.statement?.sid == "One")
    }

    @Test("Access level and risk belong to each action")
    func levelOfEachAction() throws {
        let policy = try statements(
            """
            - {Effect: Allow, Action: '*', Resource: '*', Condition: {StringEquals: {"postern:AccessLevel": [List, Read]}}}
            - {Effect: Deny, Action: '*', Resource: '*', Condition: {StringEquals: {"postern:Risk": credentials-exposure}}}
            """
        )
        #expect(policy.decide("s3:GetObject", level: "Read").outcome.name == "Allow")
        #expect(policy.decide("s3:PutObject", level: "Write").outcome.name == "DefaultDeny")
        #expect(policy.decide("s3:GetNew", level: nil).outcome.name == "DefaultDeny")
        #expect(
            policy.decide("ecr:GetToken", risks: ["data-exfiltration", "credentials-exposure"]).outcome.name == "Deny"
        )
        #expect(policy.decide("ecr:GetToken", risks: nil).outcome.name == "Deny")
        #expect(policy.decide("ecr:GetToken", risks: nil).isCertain == false)
        let mixed = policy.decide(
            [
                .init(action: "s3:GetObject", resources: [], accessLevel: "Read"),
                .init(action: "s3:PutObject", resources: [], accessLevel: "Write"),
            ],
            in: .init([:])
        )
        #expect(mixed.outcome.name == "DefaultDeny")
        #expect(mixed.action == "s3:PutObject")
    }

    @Test("Several files are one policy, each with places of its own")
    func severalFiles() throws {
        let policy = try PolicySet(parsing: [
            .init(name: "a", text: "Statement: {Effect: Allow, Action: '*', Resource: '*'}"),
            .init(name: "b", text: "{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"iam:*\",\"Resource\":\"*\"}]}"),
        ])
        #expect(policy.decide("s3:GetObject").statement?.description == "statement 1 (a:1)")
        #expect(policy.decide("iam:GetUser").statement?.description == "statement 1 (b:1)")
        #expect(policy.identityBytes.count == policy.sources.reduce(6) { $0 + $1.text.utf8.count })
    }
}
