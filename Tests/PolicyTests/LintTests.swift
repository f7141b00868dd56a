import Policy
import Testing

@Suite("Lint")
struct LintTests {
    private static let facts: [String: ActionFacts] = [
        "s3:GetObject": .init(accessLevel: "Read", risks: ["data-exfiltration"]),
        "s3:PutObject": .init(accessLevel: "Write", risks: []),
        "s3:ListBucket": .init(accessLevel: "List", risks: []),
        "ecr:GetAuthorizationToken": .init(accessLevel: "Read", risks: ["credentials-exposure"]),
        "iam:CreateAccessKey": .init(accessLevel: "Permissions management", risks: ["credentials-exposure"]),
        "iam:GetUser": .init(accessLevel: "Read", risks: []),
    ]

    private static func lint(_ text: String, version: String = "2012-10-17") throws -> [String] {
        let catalogue = ActionCatalogue(actions: facts.keys.sorted()) { facts[$0] }
        return try policy("Version: \(version)\nStatement:\n" + text).lint(catalogue)
            .map { "\($0.statement.number) \($0.severity.rawValue): \($0.message)" }
    }

    @Test(
        "Finds what does not exist or has no effect",
        arguments: [
            (
                "- {Effect: Allow, Action: 's3:GetObjects', Resource: '*'}",
                ["1 warning: no action matches \"s3:GetObjects\"; did you mean \"s3:GetObject\"?"]
            ),
            (
                "- {Effect: Deny, Action: 's4:*', Resource: '*'}",
                ["1 warning: no service has the prefix \"s4\"; did you mean \"s3\"?"]
            ),
            ("- {Effect: Deny, Action: 's3:Frob*', Resource: '*'}", ["1 warning: no action matches \"s3:Frob*\""]),
            (
                "- {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3'}",
                ["1 warning: \"arn:aws:s3\" is not a whole ARN; the missing parts are taken as *"]
            ),
            (
                "- {Effect: Allow, Action: 's3:*', Resource: '*', Condition: {StringEquals: {aws:SourceVpc: a}}}",
                ["1 warning: the gateway cannot tell \"aws:SourceVpc\", so the Allow never matches"]
            ),
            (
                "- {Effect: Deny, Action: 's3:*', Resource: '*', Condition: {StringEquals: {aws:RequestRegion: a}}}",
                [
                    "1 warning: the gateway cannot tell \"aws:RequestRegion\", so it counts against every call; did you mean \"aws:RequestedRegion\"?"
                ]
            ),
            (
                "- {Effect: Allow, Action: 's3:*', Resource: '*', Condition: {'ForAllValues:StringEquals': {oidc:groups: a}}}",
                [
                    "1 note: ForAllValues:StringEquals holds when \"oidc:groups\" is missing; add Null: {\"oidc:groups\": false}"
                ]
            ),
            (
                "- {Effect: Allow, Action: 's3:*', Resource: '*', Condition: {'ForAllValues:StringEquals': {oidc:groups: a}, 'Null': {oidc:groups: false}}}",
                []
            ),
            (
                "- {Effect: Allow, Action: 's3:PutObject', Resource: '*', Condition: {StringEquals: {postern:AccessLevel: Read}}}",
                ["1 warning: it can never match: no action it is about satisfies its conditions"]
            ),
            (
                "- {Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::a/b*'}\n- {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3:::a/*'}",
                ["1 warning: it has no effect: stricter statements decide all that it is about"]
            ),
            (
                "- {Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::a/*'}\n- {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3:::a/b*'}",
                []
            ),
            (
                "- {Effect: Allow, NotAction: ['iam:*', 'ecr:*'], Resource: '*'}",
                ["1 note: Allow with NotAction allows every action that AWS will ever add"]
            ),
            (
                "- {Effect: Allow, Action: 's3:*', NotResource: 'arn:aws:s3:::a'}",
                ["1 note: Allow with NotResource allows every resource that is not named"]
            ),
        ]
    )
    func finds(_ text: String, _ expected: [String]) throws {
        #expect(try Self.lint(text) == expected)
    }

    @Test(
        "Says where the action, resource or condition stands",
        arguments: [
            ("- Effect: Deny\n  Action:\n    - s3:GetObject\n    - s3:GetObjcet\n  Resource: '*'", "t.yaml:6:7"),
            ("- Effect: Deny\n  Action: s3:*\n  Resource: ['arn:aws:s3:::a', 'arn:aws:s3']", "t.yaml:5:32"),
            (
                "- Effect: Deny\n  Action: s3:*\n  Resource: '*'\n  Condition:\n    StringEquals:\n      aws:Frob: a",
                "t.yaml:8:7"
            ),
            ("- {Effect: Allow, Action: '*', Resource: '*'}", "t.yaml:3:3"),
        ]
    )
    func places(_ text: String, _ expected: String) throws {
        let catalogue = ActionCatalogue(actions: Self.facts.keys.sorted()) { Self.facts[$0] }
        let policy = try PolicySet(parsing: [.init(name: "t.yaml", text: "Version: 2012-10-17\nStatement:\n" + text)])
        let finding = try #require(policy.lint(catalogue).first)
        #expect(finding.description.hasPrefix(expected + ": "), "\(finding)")
    }

    @Test("Finds a log group without what AWS judges behind its name")
    func logGroups() throws {
        func lint(_ action: String, _ resource: String) throws -> [String] {
            let catalogue = ActionCatalogue(actions: ["logs:FilterLogEvents", "logs:TagResource"]) { _ in nil }
            let text = "Statement: {Effect: Allow, Action: '\(action)', Resource: '\(resource)'}"
            return try policy(text).lint(catalogue).map(\.message)
        }
        let group = "arn:aws:logs:eu-west-1:111122223333:log-group:/a"
        #expect(
            try lint("logs:FilterLogEvents", group)
                == ["no call is about \"\(group)\"; write \"\(group):*\", as in AWS"]
        )
        for good in [group + ":*", group + "*", group + ":log-stream:s"] {
            #expect(try lint("logs:FilterLogEvents", good) == [])
        }
        #expect(try lint("logs:TagResource", group) == [])
    }

    @Test("Finds credentials that are let through")
    func credentials() throws {
        let allowed =
            "- {Effect: Allow, Action: '*', Resource: '*', Condition: {StringEquals: {postern:AccessLevel: Read}}}"
        #expect(
            try Self.lint(allowed) == [
                "1 danger: it allows 1 actions that expose credentials, without approval: ecr:GetAuthorizationToken"
            ]
        )
        let denied =
            allowed
            + "\n- {Effect: Deny, Action: '*', Resource: '*', Condition: {StringEquals: {postern:Risk: credentials-exposure}}}"
        #expect(try Self.lint(denied) == [])
        let asked = allowed + "\n- {Effect: RequireApproval, Action: 'ecr:*', Resource: '*'}"
        #expect(try Self.lint(asked) == [])
        let shadowed = allowed + "\n- {Effect: Deny, Action: 'ecr:*', Resource: '*', Shadow: true}"
        #expect(try Self.lint(shadowed).count == 1)
        let mine = "Condition: {StringEquals: {oidc:sub: a}}"
        let bothMine = """
            - {Effect: Allow, Action: 'ecr:*', Resource: '*', \(mine)}
            - {Effect: Deny, Action: '*', Resource: '*', Condition: {StringEquals: {oidc:sub: a, postern:Risk: credentials-exposure}}}
            """
        #expect(
            try Self.lint(bothMine) == ["1 warning: it has no effect: stricter statements decide all that it is about"]
        )
        let sometimes =
            allowed + "\n- {Effect: Deny, Action: 'ecr:*', Resource: '*', Condition: {StringEquals: {oidc:sub: a}}}"
        #expect(try Self.lint(sometimes).count == 1)
    }

    @Test("Finds an input member that no call has")
    func members() throws {
        let catalogue = ActionCatalogue(actions: ["s3:PutObject", "s3:ListBucket", "x:Y"], facts: { Self.facts[$0] }) {
            $0 == "x:Y" ? nil : $0 == "s3:PutObject" && $1 == "Bucket"
        }
        func lint(_ action: String, _ member: String) throws -> [String] {
            let condition = "Condition: {StringEquals: {request:\(member): a}}"
            return try statements("- {Effect: Deny, Action: '\(action)', Resource: '*', \(condition)}").lint(catalogue)
                .map(\.message)
        }
        #expect(try lint("s3:*", "Bucket") == [])
        #expect(try lint("s3:*", "bucket") == ["no call that it is about has the input member \"bucket\""])
        #expect(try lint("s3:ListBucket", "Bucket") == ["no call that it is about has the input member \"Bucket\""])
        #expect(try lint("x:*", "Anything") == [])
    }

    @Test("Finds an Allow of everything")
    func everything() throws {
        let findings = try Self.lint("- {Effect: Allow, Action: '*', Resource: '*'}")
        #expect(findings.first == "1 danger: everything is allowed without any condition")
        #expect(findings.count == 2)
    }

    @Test("Finds a variable in a policy of the version that has none")
    func oldVersion() throws {
        let text = "- {Effect: Deny, Action: 's3:*', Resource: 'arn:aws:s3:::${oidc:sub}/*'}"
        #expect(
            try Self.lint(text, version: "2008-10-17") == [
                "1 warning: ${...} is plain text in a policy without Version: 2012-10-17"
            ]
        )
        #expect(try Self.lint(text) == [])
    }

    @Test("The default policy has no finding")
    func shipped() throws {
        let policy = try PolicySet(parsing: [ShippedPolicyTests.source("default.yaml")])
        let catalogue = ActionCatalogue(actions: Self.facts.keys.sorted()) { Self.facts[$0] }
        let findings = policy.lint(catalogue).filter {
            !$0.message.hasPrefix("no ") && !$0.message.contains("can never match")
        }
        #expect(findings.map(\.message) == [])
    }
}

@Suite("Explanation")
struct ExplanationTests {
    @Test("Says which statement decides and why the others do not")
    func explains() throws {
        let policy = try statements(
            """
            - {Sid: Reads, Effect: Allow, Action: '*', Resource: '*', Condition: {StringEquals: {postern:AccessLevel: Read}}}
            - {Sid: Mine, Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::mine/*'}
            - {Sid: Ask, Effect: RequireApproval, Action: 's3:Put*', Resource: '*', Approval: {Quorum: 2, Approvers: ops}}
            - {Sid: Secret, Effect: Deny, Action: 's3:*', Resource: '*', Condition: {StringEquals: {request:Tag: x, oidc:sub: bob}}}
            - {Sid: Later, Effect: Deny, Action: 's3:*', Resource: '*', Shadow: true}
            - {Effect: Deny, Action: 'iam:*', Resource: '*'}
            """
        )
        let request = AuthorizationRequest(
            action: "s3:PutObject",
            resources: ["arn:aws:s3:::theirs/x"],
            accessLevel: "Write",
            risks: ["data-exfiltration"]
        )
        let text = policy.explain([request], in: .init(["oidc:sub": ["alice"], "request:Tag": ["hunter2"]]))
        #expect(
            text == """
                RequireApproval: s3:PutObject on arn:aws:s3:::theirs/x needs approval by Ask
                  statement: Ask (p.yaml:5)
                  approval: 2 persons of [["ops"]] within 900 s; then one call exactly as asked within 300 s
                  masking profile: default
                  with the shadow statements: Deny by Later (p.yaml:7)
                s3:PutObject (Write; data-exfiltration) on arn:aws:s3:::theirs/x
                  Allow Reads (p.yaml:3): does not match: StringEquals postern:AccessLevel wants Read; the call has Write
                  Allow Mine (p.yaml:4): is about other resources
                  RequireApproval Ask (p.yaml:5): matches
                  Deny Secret (p.yaml:6): does not match: StringEquals request:Tag wants x; the call has another
                  Deny (shadow) Later (p.yaml:7): matches
                  1 statement is about other actions

                """
        )
    }

    @Test("Says what could not be told")
    func doubts() throws {
        let policy = try statements(
            """
            - {Sid: A, Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::a/*', Mask: pii, Limit: {Calls: 5, Per: 1m}}
            - {Sid: D, Effect: Deny, Action: 's3:*', Resource: '*', Condition: {StringEquals: {s3:prefix: x}}}
            """
        )
        let text = policy.explain(
            [.init(action: "s3:GetObject", resources: nil, accessLevel: nil, risks: nil)],
            in: .init([:])
        )
        #expect(text.contains("  Allow A (p.yaml:3): does not count: the resource is not wholly known\n"))
        #expect(
            text.contains(
                "  Deny D (p.yaml:4): counts against the call: StringEquals s3:prefix wants x; the call's cannot be told\n"
            )
        )
        #expect(text.contains("s3:GetObject (level not known; risk not known) on a resource that is not known\n"))
        let known = policy.explain(
            [.init(action: "s3:GetObject", resources: ["arn:aws:s3:::a/1"], accessLevel: "Read")],
            in: .init(["s3:prefix": ["y"]])
        )
        #expect(known.contains("  masking profile: pii\n  limit: 5 calls in 60 s by principal\n"))
    }
}

@Suite("Table of decisions")
struct PolicyTableTests {
    private static func mistakes(_ text: String) -> String {
        do {
            _ = try PolicyTable(parsing: .init(name: "t", text: text))
            return ""
        } catch {
            return error.description
        }
    }

    @Test(
        "Refuses what it would not test",
        arguments: [
            ("{}", "t:1:1: the table has no Cases"),
            (
                "Cases: []",
                "t:1:1: a table holds Principals and a list of Cases, not \"Cases\"\nt:1:1: the table has no Cases"
            ),
            ("Cases: [{Action: a:b}]", "t:1:9: the case has no Expect"),
            ("Cases: [{Expect: Deny}]", "t:1:9: the case has no Action"),
            (
                "Cases: [{Action: a:b, Expect: deny}]",
                "t:1:31: Expect cannot be \"deny\"; did you mean \"Deny\"?\nt:1:9: the case has no Expect"
            ),
            (
                "Cases: [{Action: a:b, Expect: Deny, Principle: x}]",
                "t:1:37: unknown element \"Principle\" in a case; did you mean \"Principal\"?"
            ),
            ("Cases: [{Action: a:b, Expect: Deny, Principal: x}]", "t:1:48: unknown principal \"x\""),
            ("Cases: [{Action: a:b, Expect: Deny, Context: {sub: x}}]", "t:1:47: \"sub\" is not a condition key"),
            (
                "Cases: [{Action: [], Expect: Deny}]",
                "t:1:10: Action needs a value or a list of values, but has a list\nt:1:9: the case has no Action"
            ),
        ]
    )
    func refuses(_ text: String, _ message: String) {
        #expect(Self.mistakes(text) == message)
    }

    @Test("Says how a decision differs from what was expected")
    func differs() throws {
        let policy = try statements(
            "- {Sid: A, Effect: Allow, Action: 's3:*', Resource: '*', Condition: {StringEquals: {oidc:sub: x}}}"
        )
        let table = try PolicyTable(
            parsing: .init(
                name: "t",
                text: """
                    Principals:
                      x: {oidc:sub: x}
                    Cases:
                      - {Principal: x, Action: s3:GetObject, Expect: Allow, Sid: A, Mask: default}
                      - {Principal: x, Context: {oidc:sub: y}, Action: s3:GetObject, Expect: Allow}
                      - {Name: third, Principal: x, Action: [s3:GetObject], Expect: Allow, Sid: B, Mask: pii}
                    """
            )
        )
        let explanation = table.explain(policy) { _ in nil }
        #expect(explanation.hasPrefix("t:4:5: s3:GetObject\nAllow: s3:GetObject is allowed by A\n"))
        #expect(explanation.contains("\n\nt:6:5: third\nAllow: "))
        let results = table.run(policy) { _ in nil }
        #expect(results.map(\.name) == ["s3:GetObject", "s3:GetObject", "third"])
        #expect(results.map(\.position.line) == [4, 5, 6])
        #expect(
            results.map(\.differences) == [
                [], ["expected Allow, got DefaultDeny: s3:GetObject is not allowed by any statement"],
                ["expected the statement B, got A", "expected the masking profile pii, got default"],
            ]
        )
    }
}
