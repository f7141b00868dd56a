import Policy
import Testing

@Suite("Reading a policy")
struct PolicyReaderTests {
    private static let rest = "Action: '*', Resource: '*'"

    @Test(
        "Refuses what is not in the grammar, with place and advice",
        arguments: [
            ("", "p.yaml:1:1: the file is empty"),
            ("- 1", "p.yaml:1:1: a policy must be a mapping, but is a list"),
            ("Version: 2012-10-17", "p.yaml:1:1: the policy has no Statement"),
            ("Statement: []", "p.yaml:1:12: Statement is empty"),
            ("Statement: [x]", "p.yaml:1:13: a statement must be a mapping, but is a single value"),
            (
                "Version: 2012\nStatement: {Effect: Allow, \(rest)}",
                "p.yaml:1:10: Version must be 2012-10-17 or 2008-10-17; write 2012-10-17"
            ),
            (
                "Statment: {Effect: Allow, \(rest)}",
                """
                p.yaml:1:1: unknown element "Statment" in a policy; did you mean "Statement"?
                p.yaml:1:1: the policy has no Statement
                """
            ),
            (
                "Statement: {Effect: allow, \(rest)}",
                "p.yaml:1:21: unknown effect \"allow\"; did you mean \"Allow\"?"
            ),
            (
                "Statement: {Effect: Permit, \(rest)}",
                "p.yaml:1:21: unknown effect \"Permit\"; it is one of Allow, RequireApproval, Deny"
            ),
            ("Statement: {\(rest)}", "p.yaml:1:12: the statement has no Effect"),
            (
                "Statement: {Effect: Deny, Resource: '*'}",
                "p.yaml:1:12: the statement has neither Action nor NotAction"
            ),
            (
                "Statement: {Effect: Deny, Action: '*'}",
                "p.yaml:1:12: the statement has neither Resource nor NotResource"
            ),
            (
                "Statement: {Effect: Deny, \(rest), NotAction: a:b}",
                "p.yaml:1:55: a statement has Action or NotAction, not both"
            ),
            (
                "Statement: {Effect: Deny, \(rest), Principal: '*'}",
                "p.yaml:1:55: unknown element \"Principal\" in a statement; "
                    + "say who with a Condition on oidc:sub, oidc:groups or another claim"
            ),
            (
                "Statement: {Effect: Deny, Action: GetObject, Resource: '*'}",
                "p.yaml:1:35: \"GetObject\" is not an action; write service:Action, as in s3:GetObject"
            ),
            (
                "Statement: {Effect: Deny, Action: 's*:Get', Resource: '*'}",
                "p.yaml:1:35: \"s*\" is not a service prefix; a prefix has no wildcards, unless it is *"
            ),
            (
                "Statement: {Effect: Deny, Action: 's3:Get Object', Resource: '*'}",
                "p.yaml:1:35: \"get object\" is not the name of an action; letters, digits, * and ?"
            ),
            (
                "Statement: {Effect: Deny, Action: [], Resource: '*'}",
                "p.yaml:1:27: Action needs a value or a list of values, but has a list"
            ),
            (
                "Statement: {Effect: Deny, Action: '*', Resource: bucket}",
                "p.yaml:1:50: \"bucket\" is not an ARN; write \"*\", or arn:partition:service:region:account:resource"
            ),
            (
                "Statement: {Effect: Deny, Action: *, Resource: x}",
                "p.yaml:1:36: YAML syntax: did not find expected alphabetic or numeric character; "
                    + "a value that starts with * must be quoted: \"*\""
            ),
            (
                "Statement: {Effect: Deny, Effect: Allow, \(rest)}",
                "p.yaml:1:13: \"Effect\" is given twice"
            ),
            (
                "Statement: &a {Effect: Deny, \(rest)}",
                """
                p.yaml:1:1: the policy has no Statement
                p.yaml:1:12: anchors and aliases are not part of the policy grammar; repeat the text
                """
            ),
            (
                "Statement: {Sid: a-b, Effect: Deny, \(rest)}",
                "p.yaml:1:18: a Sid holds letters and digits only"
            ),
            (
                "Statement: [{Sid: a, Effect: Deny, \(rest)}, {Sid: a, Effect: Deny, \(rest)}]",
                "p.yaml:1:71: the Sid \"a\" is used twice in this file"
            ),
            (
                "Statement: {Effect: Deny, \(rest), Mask: x}",
                "p.yaml:1:55: Mask has no meaning for Effect: Deny"
            ),
            (
                "Statement: {Effect: Allow, \(rest), Approval: {Quorum: 2}}",
                "p.yaml:1:56: Approval needs Effect: RequireApproval"
            ),
            (
                "Statement: {Effect: RequireApproval, \(rest), Approval: {Quorom: 2}}",
                "p.yaml:1:77: unknown element \"Quorom\" in Approval; did you mean \"Quorum\"?"
            ),
            (
                "Statement: {Effect: RequireApproval, \(rest), Approval: {Hold: 51s}}",
                "p.yaml:1:83: Hold must be from 0 to 50 seconds"
            ),
            (
                "Statement: {Effect: RequireApproval, \(rest), Approval: {Hold: 20}}",
                "p.yaml:1:83: Hold must be a duration; write 20s, 15m, 1h or 7d"
            ),
            (
                "Statement: {Effect: RequireApproval, \(rest), Approval: {Quorum: 0}}",
                "p.yaml:1:85: Quorum must be a whole number from 1 to 10"
            ),
            (
                "Statement: {Effect: RequireApproval, \(rest), Approval: {Approvers: []}}",
                "p.yaml:1:88: Approvers is empty, so that nobody could decide; "
                    + "leave it out for the configuration's approvers"
            ),
            (
                "Statement: {Effect: RequireApproval, \(rest), Approval: {Window: 1h, Uses: 2}}",
                "p.yaml:1:89: Window says how long a grant lasts for any number of calls: no Uses"
            ),
            (
                "Statement: {Effect: Allow, \(rest), Limit: {Calls: 5}}",
                "p.yaml:1:56: Limit has no Per; write {Calls: 100, Per: 1m}"
            ),
            (
                "Statement: {Effect: Allow, \(rest), Limit: {Calls: 5, Per: 1m, By: principal}}",
                "p.yaml:1:87: unknown By \"principal\"; did you mean \"Principal\"?"
            ),
            (
                "Statement: {Effect: Allow, \(rest), Shadow: yes}",
                "p.yaml:1:64: Shadow must be true or false"
            ),
        ]
    )
    func refuses(_ text: String, _ message: String) {
        #expect(mistakes(text) == message)
    }

    @Test(
        "Refuses a condition that could not mean what it says",
        arguments: [
            (
                "[]",
                "p.yaml:2:67: Condition must map operators to keys, but is a list; write StringEquals: {\"oidc:sub\": alice}"
            ),
            (
                "{StringEqual: {oidc:sub: a}}",
                "p.yaml:2:68: unknown condition operator \"StringEqual\"; did you mean \"StringEquals\"?"
            ),
            (
                "{NullIfExists: {oidc:sub: true}}",
                "p.yaml:2:68: unknown condition operator \"NullIfExists\"; did you mean \"BoolIfExists\"?"
            ),
            (
                "{StringEquals: {sub: a}}",
                "p.yaml:2:83: \"sub\" is not a condition key; keys are written prefix:name, as in oidc:sub"
            ),
            (
                "{StringEquals: {oidc:sub: []}}",
                "p.yaml:2:83: \"oidc:sub\" needs a value or a list of values, but has a list"
            ),
            (
                "{StringEquals: {oidc:sub: }}",
                "p.yaml:2:83: \"oidc:sub\" needs a value or a list of values, but has nothing"
            ),
            (
                "{StringEquals: {oidc:sub: a, OIDC:sub: b}}",
                "p.yaml:2:96: \"OIDC:sub\" is given twice; case does not tell keys apart"
            ),
            (
                "{StringEquals: {postern:Level: Read}}",
                "p.yaml:2:83: unknown condition key \"postern:Level\"; did you mean \"postern:Role\"?"
            ),
            (
                "{StringEquals: {postern:AccesLevel: Read}}",
                "p.yaml:2:83: unknown condition key \"postern:AccesLevel\"; did you mean \"postern:AccessLevel\"?"
            ),
            (
                "{StringEquals: {postern:AccessLevel: read}}",
                "p.yaml:2:104: postern:AccessLevel is never \"read\"; did you mean \"Read\"?"
            ),
            (
                "{StringEquals: {postern:Risk: secrets}}",
                "p.yaml:2:97: postern:Risk is never \"secrets\"; it is one of credentials-exposure, privilege-escalation, resource-exposure, data-exfiltration"
            ),
            (
                "{StringLike: {aws:SourceIp: 10.*}}",
                "p.yaml:2:81: StringLike cannot be used on aws:SourceIp; its values are addresses: use IpAddress or NotIpAddress"
            ),
            (
                "{IpAddress: {aws:SourceIp: 10.0.0.0/33}}",
                "p.yaml:2:94: \"10.0.0.0/33\" is not an address or a range such as 10.0.0.0/8"
            ),
            ("{Bool: {postern:Presigned: yes}}", "p.yaml:2:94: \"yes\" is not true or false"),
            ("{NumericLessThan: {request:MaxItems: ten}}", "p.yaml:2:104: \"ten\" is not a number"),
            (
                "{DateLessThan: {aws:CurrentTime: 2026-02-29}}",
                "p.yaml:2:100: \"2026-02-29\" is not a date (2026-01-31T12:00:00Z) or seconds since 1970"
            ),
            ("{BinaryEquals: {request:Blob: '!'}}", "p.yaml:2:97: \"!\" is not base64"),
            (
                "{ArnLike: {postern:Role: admin}}",
                "p.yaml:2:92: \"admin\" is not an ARN; an ARN has six parts: arn:aws:service:region:account:resource"
            ),
            (
                "{NumericEquals: {request:N: '${oidc:n}'}}",
                "p.yaml:2:95: policy variables work with String and Arn operators only; write a number"
            ),
            (
                "{StringEquals: {oidc:sub: '${oidc:sub'}}",
                "p.yaml:2:93: a policy variable is not closed; write ${$}{ for a literal ${"
            ),
            (
                "{StringEquals: {oidc:sub: '${sub}'}}",
                "p.yaml:2:93: \"sub\" is not a policy variable; name a condition key, as in ${oidc:sub}"
            ),
            (
                "{StringEquals: {oidc:sub: '${oidc:a, b}'}}",
                "p.yaml:2:93: the default of a policy variable is not quoted; write ${oidc:a, 'default'}"
            ),
        ]
    )
    func refusesCondition(_ condition: String, _ message: String) {
        let text = "Version: 2012-10-17\nStatement: {Effect: Deny, \(Self.rest), Condition:  \(condition)}"
        #expect(mistakes(text) == message)
    }

    @Test("Reports every mistake of every file at once")
    func reportsAll() {
        #expect {
            try PolicySet(parsing: [
                .init(name: "a", text: "Statement:\n- {Effect: Alow, Action: x, Resource: y}\n- {Efect: Deny}"),
                .init(name: "b", text: "Statement: ["),
            ])
        } throws: { error in
            let lines = (error as? PolicyErrors)?.mistakes.map { "\($0.position.file):\($0.position.line)" } ?? []
            return lines == ["a:2", "a:2", "a:2", "a:3", "a:3", "a:3", "a:3", "b:2"]
        }
    }

    @Test("Reads a pasted IAM policy in JSON")
    func readsJSON() throws {
        let policy = try policy(
            """
            {
            \t"Version": "2012-10-17",
            \t"Id": "example",
            \t"Statement": [
            \t\t{
            \t\t\t"Sid": "AllowOwnFolder",
            \t\t\t"Effect": "Allow",
            \t\t\t"Action": ["s3:GetObject", "s3:PutObject"],
            \t\t\t"Resource": "arn:aws:s3:::home\\/${oidc:sub}/*",
            \t\t\t"Condition": {"Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"request:MaxKeys": 100}}
            \t\t}
            \t]
            }
            """
        )
        let context = ["oidc:sub": ["alice"], "request:MaxKeys": ["10"]]
        #expect(policy.decide("s3:GetObject", on: "arn:aws:s3:::home/alice/x", context).outcome.name == "Allow")
        #expect(policy.decide("s3:GetObject", on: "arn:aws:s3:::home/bob/x", context).outcome.name == "DefaultDeny")
    }

    @Test("Refuses a file that is too long, too deep or too full")
    func refusesTooMuch() {
        #expect(
            mistakes(String(repeating: "#", count: 1 << 20) + "\n")
                == "p.yaml:1:1: the file is longer than 1048576 bytes"
        )
        #expect(mistakes("Id: " + String(repeating: "[", count: 40)).contains("YAML syntax"))
        let deep = "Id: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(mistakes(deep).contains("values are nested more than 32 deep"))
        #expect(mistakes(String(repeating: "[", count: 5000)).contains("YAML syntax"))
        let many = "Statement: [" + String(repeating: "{Effect: Deny, Action: '*', Resource: '*'},", count: 5001) + "]"
        #expect(mistakes(many) == "p.yaml:1:12: the policy has more than 5000 statements")
    }
}
