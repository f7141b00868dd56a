import Policy
import Testing

@Suite("Obligations")
struct ObligationTests {
    private static func terms(_ decision: Decision) throws -> ApprovalTerms {
        guard case .requireApproval(let terms) = decision.outcome else {
            Issue.record("not asked for: \(decision.summary)")
            return ApprovalTerms()
        }
        return terms
    }

    @Test("Approval terms have defaults")
    func defaults() throws {
        let terms = try Self.terms(statements("- {Effect: RequireApproval, Action: '*', Resource: '*'}").decide("a:b"))
        #expect(terms.approvers.isEmpty)
        #expect((terms.quorum, terms.expiresAfter, terms.grantLasts, terms.hold) == (1, 900, 300, 20))
        #expect(terms.uses == 1)
        #expect(terms.scope == .call)
    }

    @Test("Approval terms are read")
    func read() throws {
        let terms = try Self.terms(
            statements(
                """
                - Effect: RequireApproval
                  Action: '*'
                  Resource: '*'
                  Approval: {Quorum: 2, ExpiresAfter: 1h, GrantLasts: 10m, Hold: 0s, Uses: 5, Scope: Resource}
                """
            ).decide("a:b")
        )
        #expect((terms.quorum, terms.expiresAfter, terms.grantLasts, terms.hold) == (2, 3600, 600, 0))
        #expect(terms.uses == 5)
        #expect(terms.scope == .resource)
    }

    @Test("A window is any number of calls until it ends")
    func window() throws {
        let terms = try Self.terms(
            statements("- {Effect: RequireApproval, Action: '*', Resource: '*', Approval: {Window: 30m}}").decide("a:b")
        )
        #expect(terms.uses == nil)
        #expect(terms.grantLasts == 1800)
    }

    @Test("Several statements that ask are taken together at their strictest, in any order")
    func joins() throws {
        let one =
            "- {Effect: RequireApproval, Action: '*', Resource: '*', Approval: {Quorum: 2, Hold: 10s, Window: 1h, Approvers: ops}}"
        let two =
            "- {Effect: RequireApproval, Action: 'a:*', Resource: '*', Approval: {Uses: 3, GrantLasts: 1m, Scope: Resource, Approvers: [sec, {StringEquals: {oidc:sub: bob}}]}}"
        for text in [one + "\n" + two, two + "\n" + one] {
            let terms = try Self.terms(statements(text).decide("a:b"))
            #expect((terms.quorum, terms.grantLasts, terms.hold) == (2, 60, 10))
            #expect(terms.uses == 3)
            #expect(terms.scope == .call)
            #expect(terms.approvers.admits(.init(["oidc:groups": ["ops", "sec"]]), isStandard: false))
            #expect(terms.approvers.admits(.init(["oidc:groups": ["ops"], "oidc:sub": ["bob"]]), isStandard: false))
            #expect(!terms.approvers.admits(.init(["oidc:groups": ["ops"]]), isStandard: false))
            #expect(!terms.approvers.admits(.init(["oidc:groups": ["sec"]]), isStandard: false))
            #expect(!terms.approvers.admits(.init([:]), isStandard: false))
        }
    }

    @Test("Approvers can be stored and read again")
    func stored() throws {
        let terms = try Self.terms(
            statements(
                #"- {Effect: RequireApproval, Action: '*', Resource: '*', Approval: {Approvers: ["a \"b\"\\\n", {StringLike: {oidc:sub: ["x*", y]}}]}}"#
            ).decide("a:b")
        )
        let text = terms.approvers.text
        #expect(text == #"[["a \"b\"\\\u000a",{"StringLike":{"oidc:sub":["x*","y"]}}]]"#)
        let again = try Approvers(parsing: text)
        #expect(again.text == text)
        #expect(again.admits(.init(["oidc:sub": ["xyz"]]), isStandard: false))
        #expect(again.admits(.init(["oidc:groups": ["a \"b\"\\\n"]]), isStandard: false))
        #expect(!again.admits(.init(["oidc:sub": ["z"]]), isStandard: false))
        #expect(try Approvers(parsing: "[]").isEmpty)
    }

    @Test("Without approvers of its own a call is for those of the configuration")
    func standard() {
        #expect(Approvers().admits(.init([:]), isStandard: true))
        #expect(!Approvers().admits(.init(["oidc:groups": ["ops"]]), isStandard: false))
    }

    @Test(
        "Refuses stored approvers that are not",
        arguments: ["", "x", "{}", "[[]]", "[[[]]]", "[[{}]]", "[[{StringEquals: {}}]]"]
    )
    func refusesStored(_ text: String) {
        #expect(throws: PolicyErrors.self) { try Approvers(parsing: text) }
    }

    @Test(
        "The masking profile is the one that all statements agree on",
        arguments: [
            ("", "", nil), ("Mask: pii", "", "pii"), ("", "Mask: pii", "pii"), ("Mask: pii", "Mask: pii", "pii"),
            ("Mask: none", "Mask: pii", nil),
        ] as [(String, String, String?)]
    )
    func mask(_ first: String, _ second: String, _ expected: String?) throws {
        func statement(_ mask: String) -> String {
            "- {Effect: Allow, Action: '*', Resource: '*'\(mask.isEmpty ? "" : ", ")\(mask)}"
        }
        #expect(try statements(statement(first) + "\n" + statement(second)).decide("a:b").mask == expected)
    }

    @Test("Parts of a call with different profiles get the default one")
    func maskOfParts() throws {
        let policy = try statements(
            """
            - {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::open/*', Mask: none}
            - {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::closed/*'}
            """
        )
        func mask(_ resources: [String]) -> String? {
            policy.decide([.init(action: "s3:GetObject", resources: resources, accessLevel: "Read")], in: .init([:]))
                .mask
        }
        #expect(mask(["arn:aws:s3:::open/a", "arn:aws:s3:::open/b"]) == "none")
        #expect(mask(["arn:aws:s3:::open/a", "arn:aws:s3:::closed/b"]) == nil)
        #expect(policy.maskProfiles == ["none"])
    }

    @Test("Every limit that matches counts, once")
    func limits() throws {
        let policy = try statements(
            """
            - {Effect: Allow, Action: 's3:*', Resource: '*', Limit: {Calls: 100, Per: 1m}}
            - {Effect: Allow, Action: '*', Resource: '*', Limit: {Calls: 5, Per: 1h, By: Role}}
            - {Effect: Deny, Action: 'sts:*', Resource: '*'}
            """
        )
        let both = policy.decide(
            [.init(action: "s3:GetObject", resources: ["arn:aws:s3:::a/1", "arn:aws:s3:::a/2"], accessLevel: nil)],
            in: .init([:])
        ).limits
        #expect(both.map(\.calls) == [100, 5])
        #expect(both.map(\.period) == [60, 3600])
        #expect(both.map(\.subject) == [.principal, .role])
        #expect(policy.decide("sts:AssumeRole").limits.isEmpty)
        let parts = ["s3:GetObject", "kms:Decrypt"].map {
            AuthorizationRequest(action: $0, resources: [], accessLevel: nil)
        }
        #expect(policy.decide(parts, in: .init([:])).limits.map(\.calls) == [100, 5])
    }

    @Test("A statement in shadow mode is reported, not enforced")
    func shadow() throws {
        let policy = try statements(
            """
            - {Effect: Allow, Action: '*', Resource: '*'}
            - {Sid: Try, Effect: Deny, Action: 's3:*', Resource: '*', Shadow: true}
            """
        )
        let decision = policy.decide("s3:GetObject")
        #expect(decision.outcome.name == "Allow")
        #expect(decision.shadow?.outcome.name == "Deny")
        #expect(decision.shadow?.statement?.sid == "Try")
        #expect(policy.decide("ec2:RunInstances").shadow == nil)
    }

    @Test("A file in shadow mode enforces nothing but what opts out")
    func shadowFile() throws {
        let policy = try policy(
            """
            Shadow: true
            Statement:
            - {Effect: Allow, Action: '*', Resource: '*'}
            - {Effect: Allow, Action: 's3:*', Resource: '*', Shadow: false}
            """
        )
        #expect(policy.decide("s3:GetObject").outcome.name == "Allow")
        #expect(policy.decide("ec2:RunInstances").outcome.name == "DefaultDeny")
        #expect(policy.decide("ec2:RunInstances").shadow?.outcome.name == "Allow")
    }
}

@Suite("Condition block")
struct ConditionBlockTests {
    @Test("Holds for those it names")
    func holds() throws {
        let block = try ConditionBlock(
            parsing: #"{StringLike: {"oidc:sub": "*"}, StringEquals: {"oidc:groups": [a, b]}}"#
        )
        #expect(block.matches(.init(["oidc:sub": ["x"], "oidc:groups": ["z", "b"]])))
        #expect(!block.matches(.init(["oidc:sub": ["x"], "oidc:groups": ["z"]])))
        #expect(!block.matches(.init(["oidc:groups": ["b"]])))
        #expect(!block.matches(.init { _ in .unknown }))
    }

    @Test(
        "Refuses what would hold for everybody by mistake",
        arguments: [
            ("{}", "t:1:1: the condition is empty; {StringLike: {\"oidc:sub\": \"*\"}} is everybody"),
            ("", "t:1:1: the file is empty"),
            ("{StringEquals: {}}", "t:1:16: StringEquals must map condition keys to values, but is a mapping"),
            (
                "[]",
                "t:1:1: Condition must map operators to keys, but is a list; write StringEquals: {\"oidc:sub\": alice}"
            ),
            (
                "{StringEquals: {oidc:sub: null}}",
                "t:1:17: \"oidc:sub\" needs a value or a list of values, but has nothing"
            ),
        ]
    )
    func refuses(_ text: String, _ message: String) {
        #expect(throws: PolicyErrors.self) { try ConditionBlock(parsing: text, name: "t") }
        do {
            _ = try ConditionBlock(parsing: text, name: "t")
        } catch {
            #expect(error.description == message)
        }
    }
}
