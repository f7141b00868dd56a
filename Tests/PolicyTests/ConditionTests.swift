import Policy
import Testing

/// One condition against one value of the call.
struct ConditionCase: CustomTestStringConvertible, Sendable {
    /// `operator: value`, on the key `oidc:x` unless the key is named.
    let condition: String
    /// nil: missing.
    let values: [String]?
    let expected: Truth

    enum Truth: String, Sendable {
        case yes, no, maybe
    }

    init(_ condition: String, _ values: [String]?, _ expected: Truth) {
        self.condition = condition
        self.values = values
        self.expected = expected
    }

    var testDescription: String { "\(condition) with \(values.map { "\($0)" } ?? "nothing") is \(expected)" }

    /// What the policy makes of it: an uncertain match counts for a Deny and not for an Allow.
    func truth(_ value: ContextValue? = nil) throws -> Truth {
        let context = PolicyContext { key in
            key.name == "oidc:x" ? value ?? values.map { .values($0) } ?? .missing : .missing
        }
        let call = AuthorizationRequest(action: "a:b", resources: [], accessLevel: nil)
        func matches(_ effect: String) throws -> Bool {
            let text = "- {Effect: \(effect), Action: '*', Resource: '*', Condition: {\(condition)}}"
            return try statements(text).decide([call], in: context).statement != nil
        }
        switch (try matches("Allow"), try matches("Deny")) {
        case (true, true): return .yes
        case (false, false): return .no
        case (false, true): return .maybe
        case (true, false):
            Issue.record("an Allow matched where a Deny did not")
            return .maybe
        }
    }
}

extension ConditionCase {
    /// `name: value` on `oidc:x`.
    private static func on(_ name: String, _ wanted: String, _ values: [String]?, _ expected: Truth) -> ConditionCase {
        .init("\(name): {oidc:x: \(wanted)}", values, expected)
    }

    static let strings: [ConditionCase] = [
        on("StringEquals", "a", ["a"], .yes), on("StringEquals", "a", ["A"], .no),
        on("StringEquals", "a*", ["ab"], .no),
        on("StringEquals", "'a*'", ["a*"], .yes), on("StringEquals", "a", nil, .no), on("StringEquals", "a", [], .no),
        on("StringEquals", "''", [""], .yes), on("StringEquals", "[a, b]", ["b"], .yes),
        on("StringEquals", "a", ["b", "a"], .yes), on("StringEquals", "Straße", ["Straße"], .yes),
        on("StringNotEquals", "a", ["a"], .no), on("StringNotEquals", "a", ["b"], .yes),
        on("StringNotEquals", "a", nil, .yes), on("StringNotEquals", "[a, b]", ["b"], .no),
        on("StringNotEquals", "a", ["b", "a"], .no),
        on("StringEqualsIgnoreCase", "aB", ["Ab"], .yes), on("StringEqualsIgnoreCase", "a", ["b"], .no),
        on("StringEqualsIgnoreCase", "ÄÖ", ["äö"], .yes), on("StringEqualsIgnoreCase", "a", nil, .no),
        on("StringNotEqualsIgnoreCase", "aB", ["Ab"], .no), on("StringNotEqualsIgnoreCase", "a", nil, .yes),
        on("StringLike", "'a*c'", ["abbbc"], .yes), on("StringLike", "'a?c'", ["aäc"], .yes),
        on("StringLike", "'a?c'", ["ac"], .no), on("StringLike", "'*'", [""], .yes), on("StringLike", "'*'", nil, .no),
        on("StringLike", "'${*}'", ["*"], .yes), on("StringLike", "'${*}'", ["x"], .no),
        on("StringLike", "'${?}${$}{'", ["?${"], .yes), on("StringNotLike", "'a*'", ["ab"], .no),
        on("StringNotLike", "'a*'", ["b"], .yes), on("StringNotLike", "'a*'", nil, .yes),
        on("StringEqualsIfExists", "a", nil, .yes), on("StringEqualsIfExists", "a", ["b"], .no),
        on("StringNotEqualsIfExists", "a", nil, .yes), on("StringNotEqualsIfExists", "a", ["a"], .no),
    ]

    static let others: [ConditionCase] = [
        on("NumericEquals", "10", ["10"], .yes), on("NumericEquals", "10", ["10.0"], .yes),
        on("NumericEquals", "9007199254740993", ["9007199254740992"], .no), on("NumericEquals", "1", ["one"], .maybe),
        on("NumericEquals", "1", ["1e0"], .maybe), on("NumericEquals", "1", [""], .maybe),
        on("NumericEquals", "1", nil, .no),
        on("NumericNotEquals", "1", ["2"], .yes), on("NumericNotEquals", "1", nil, .yes),
        on("NumericNotEquals", "1", ["x"], .maybe), on("NumericLessThan", "10", ["9.99"], .yes),
        on("NumericLessThan", "10", ["10"], .no), on("NumericLessThanEquals", "10", ["10"], .yes),
        on("NumericLessThanEquals", "10", ["11"], .no), on("NumericGreaterThan", "-1", ["0"], .yes),
        on("NumericGreaterThan", "-1", ["-1"], .no), on("NumericGreaterThanEquals", "-1", ["-1"], .yes),
        on("NumericGreaterThanEquals", "0", ["-0.5"], .no), on("NumericLessThan", "[1, 100]", ["50"], .yes),
        on("NumericLessThanIfExists", "1", nil, .yes),

        on("DateEquals", "1767225600", ["2026-01-01T00:00:00Z"], .yes),
        on("DateEquals", "2026-01-01", ["2026-01-01T01:00:00+01:00"], .yes),
        on("DateEquals", "'2026-01-01T00:00Z'", ["1767225600"], .yes),
        on("DateEquals", "'2026-01-01T00:00:00.5Z'", ["2026-01-01T00:00:00.500Z"], .yes),
        on("DateNotEquals", "2026-01-01", ["2026-01-02"], .yes), on("DateNotEquals", "2026-01-01", nil, .yes),
        on("DateLessThan", "2026-03-01", ["2026-02-28T23:59:59Z"], .yes),
        on("DateLessThan", "2026-03-01", ["2026-03-01"], .no),
        on("DateLessThanEquals", "2026-03", ["2026-03-01"], .yes),
        on("DateGreaterThan", "2000-02-29", ["2000-03-01"], .yes), on("DateGreaterThan", "2000-02-29", nil, .no),
        on("DateGreaterThanEquals", "1970-01-01", ["0"], .yes), on("DateLessThan", "0", ["1969-12-31T23:59:59Z"], .yes),
        on("DateLessThan", "2026-01-01", ["yesterday"], .maybe),
        on("DateLessThan", "2026-01-01", ["2025-02-29"], .maybe),
        on("DateLessThan", "2026-01-01", ["2025-01-01T24:00Z"], .maybe),
        on("DateLessThan", "2026-01-01", ["2025-01-01T00:00Zx"], .maybe),

        on("Bool", "true", ["true"], .yes), on("Bool", "true", ["TRUE"], .yes), on("Bool", "true", ["false"], .no),
        on("Bool", "false", ["false"], .yes), on("Bool", "true", ["1"], .maybe), on("Bool", "true", nil, .no),
        on("BoolIfExists", "true", nil, .yes), on("BoolIfExists", "true", ["false"], .no),

        on("BinaryEquals", "aGVsbG8=", ["aGVsbG8="], .yes), on("BinaryEquals", "aGVsbG8=", ["aGVsbA=="], .no),
        on("BinaryEquals", "aGVsbG8=", ["?"], .maybe), on("BinaryEquals", "aGVsbG8=", nil, .no),

        on("Null", "true", nil, .yes), on("Null", "true", ["x"], .no), on("Null", "false", nil, .no),
        on("Null", "false", ["x"], .yes), on("Null", "true", [], .yes), on("Null", "true", [""], .yes),
        on("Null", "[true, false]", ["x"], .yes),

        on("IpAddress", "10.0.0.0/8", ["10.255.255.255"], .yes), on("IpAddress", "10.0.0.0/8", ["11.0.0.0"], .no),
        on("IpAddress", "10.1.2.3", ["10.1.2.3"], .yes), on("IpAddress", "10.1.2.3/32", ["10.1.2.4"], .no),
        on("IpAddress", "0.0.0.0/0", ["255.255.255.255"], .yes), on("IpAddress", "0.0.0.0/0", ["2001:db8::1"], .no),
        on("IpAddress", "10.1.2.200/25", ["10.1.2.129"], .yes), on("IpAddress", "10.1.2.200/25", ["10.1.2.127"], .no),
        on("IpAddress", "'2001:db8::/33'", ["2001:db8:7fff::1"], .yes),
        on("IpAddress", "'2001:db8::/33'", ["2001:db8:8000::1"], .no), on("IpAddress", "'::/0'", ["::1"], .yes),
        on("IpAddress", "10.0.0.0/8", ["::ffff:10.1.1.1"], .yes),
        on("IpAddress", "'::ffff:10.0.0.0/104'", ["10.1.1.1"], .yes),
        on("IpAddress", "['2001:db8::/32', 10.0.0.0/8]", ["10.9.9.9"], .yes),
        on("IpAddress", "10.0.0.0/8", ["10.0.0.01"], .maybe), on("IpAddress", "10.0.0.0/8", ["10.1"], .maybe),
        on("IpAddress", "10.0.0.0/8", ["fe80::1%eth0"], .maybe),
        on("IpAddress", "10.0.0.0/8", ["10.0.0.1\u{0}x"], .maybe), on("IpAddress", "10.0.0.0/8", nil, .no),
        on("NotIpAddress", "10.0.0.0/8", ["10.0.0.1"], .no), on("NotIpAddress", "10.0.0.0/8", ["9.0.0.1"], .yes),
        on("NotIpAddress", "10.0.0.0/8", nil, .yes), on("NotIpAddress", "10.0.0.0/8", ["?"], .maybe),

        on("ArnEquals", "'arn:aws:iam::1:role/*'", ["arn:aws:iam::1:role/a/b"], .yes),
        on("ArnLike", "'arn:aws:iam::1:role/*'", ["arn:aws:iam::2:role/a"], .no),
        on("ArnLike", "'arn:aws:s*:*:*:x'", ["arn:aws:sns:eu:1:x"], .yes),
        on("ArnLike", "'arn:*:sns:*:x:y'", ["arn:aws:sns:eu:1:x:y"], .no),
        on("ArnLike", "'arn:aws:sns:eu:1:x:*'", ["arn:aws:sns:eu:1:x:y:z"], .yes),
        on("ArnLike", "'*'", ["arn:aws:sns:eu:1:x"], .yes),
        on("ArnLike", "'arn:aws:iam::1:*'", ["not an arn"], .maybe), on("ArnLike", "'arn:aws:iam::1:*'", nil, .no),
        on("ArnNotEquals", "'arn:aws:iam::1:role/*'", ["arn:aws:iam::1:role/a"], .no),
        on("ArnNotLike", "'arn:aws:iam::1:role/*'", ["arn:aws:iam::1:user/a"], .yes),
        on("ArnNotLike", "'arn:aws:iam::1:role/*'", nil, .yes),
        on("ArnNotLike", "'arn:aws:iam::1:role/*'", ["x"], .maybe),
    ]

    static let sets: [ConditionCase] = [
        on("ForAllValues:StringEquals", "[a, b]", ["a", "b", "a"], .yes),
        on("ForAllValues:StringEquals", "[a, b]", ["a", "c"], .no), on("ForAllValues:StringEquals", "a", nil, .yes),
        on("ForAllValues:StringEquals", "a", [], .yes), on("ForAllValues:StringEquals", "a", [""], .yes),
        on("ForAllValues:StringNotEquals", "[a, b]", ["c", "d"], .yes),
        on("ForAllValues:StringNotEquals", "[a, b]", ["c", "a"], .no),
        on("ForAllValues:StringLike", "'a*'", ["ab", "ac"], .yes),
        on("ForAnyValue:StringEquals", "[a, b]", ["c", "b"], .yes),
        on("ForAnyValue:StringEquals", "[a, b]", ["c", "d"], .no), on("ForAnyValue:StringEquals", "a", nil, .no),
        on("ForAnyValue:StringEquals", "''", [""], .no), on("ForAnyValue:StringNotEquals", "a", ["a", "b"], .yes),
        on("ForAnyValue:StringNotEquals", "a", ["a"], .no), on("ForAnyValue:StringNotEquals", "a", nil, .no),
        on("ForAnyValue:StringEqualsIfExists", "a", nil, .no), on("ForAllValues:StringEqualsIfExists", "a", nil, .yes),
        on("ForAllValues:NumericLessThan", "10", ["1", "2"], .yes),
        on("ForAllValues:NumericLessThan", "10", ["1", "x"], .maybe),
        on("ForAllValues:NumericLessThan", "10", ["11", "x"], .no),
        on("ForAnyValue:NumericLessThan", "10", ["1", "x"], .yes),
        on("ForAnyValue:NumericLessThan", "10", ["11", "x"], .maybe),
        on("ForAnyValue:IpAddress", "10.0.0.0/8", ["9.9.9.9", "10.0.0.1"], .yes),
    ]
}

@Suite("Conditions")
struct ConditionTests {
    @Test("Text", arguments: ConditionCase.strings)
    func text(_ row: ConditionCase) throws {
        #expect(try row.truth() == row.expected)
    }

    @Test("Numbers, dates, addresses, ARNs, Bool, Null, binary", arguments: ConditionCase.others)
    func values(_ row: ConditionCase) throws {
        #expect(try row.truth() == row.expected)
    }

    @Test("Sets of values", arguments: ConditionCase.sets)
    func sets(_ row: ConditionCase) throws {
        #expect(try row.truth() == row.expected)
    }

    @Test(
        "A value that cannot be told is never certain",
        arguments: [
            "StringEquals: {oidc:x: a}", "StringNotEquals: {oidc:x: a}", "StringEqualsIfExists: {oidc:x: a}",
            "ForAllValues:StringEquals: {oidc:x: a}", "ForAnyValue:StringNotLike: {oidc:x: a}", "Null: {oidc:x: true}",
            "Null: {oidc:x: false}", "NotIpAddress: {oidc:x: 10.0.0.0/8}", "Bool: {oidc:x: false}",
        ]
    )
    func unknown(_ condition: String) throws {
        #expect(try ConditionCase(condition, nil, .maybe).truth(.unknown) == .maybe)
        let huge = ContextValue.values([String(repeating: "a", count: 65_537)])
        #expect(try ConditionCase(condition, nil, .maybe).truth(huge) == .maybe)
    }

    @Test("All keys and all operators must hold")
    func conjunction() throws {
        let policy = try statements(
            """
            - Effect: Allow
              Action: '*'
              Resource: '*'
              Condition:
                StringEquals: {oidc:a: x, oidc:b: y}
                NumericLessThan: {request:N: 5}
            """
        )
        let all = ["oidc:a": ["x"], "oidc:b": ["y"], "request:N": ["4"]]
        #expect(policy.decide("a:b", all).outcome.name == "Allow")
        for key in all.keys {
            var one = all
            one[key] = ["9"]
            #expect(policy.decide("a:b", one).outcome.name == "DefaultDeny")
            one[key] = nil
            #expect(policy.decide("a:b", one).outcome.name == "DefaultDeny")
        }
    }

    @Test("An empty Condition holds")
    func empty() throws {
        let policy = try statements("- {Effect: Allow, Action: '*', Resource: '*', Condition: {}}")
        #expect(policy.decide("a:b").outcome.name == "Allow")
    }

    @Test("A key is asked for once, and only when needed")
    func asksOnce() throws {
        let policy = try statements(
            """
            - {Effect: Allow, Action: 's3:*', Resource: '*', Condition: {StringEquals: {OIDC:sub: a}, StringLike: {oidc:sub: 'a*'}}}
            - {Effect: Deny, Action: 's3:*', Resource: '*', Condition: {StringEquals: {"request:Bucket.Name": prod}}}
            - {Effect: Deny, Action: 'ec2:*', Resource: '*', Condition: {StringEquals: {request:Never: x}}}
            """
        )
        nonisolated(unsafe) var asked: [String] = []
        let context = PolicyContext { key in
            unsafe asked.append("\(key.name) \(key.suffix)")
            return key.name == "oidc:sub" ? .values(["a"]) : .missing
        }
        let request = AuthorizationRequest(action: "s3:GetObject", resources: [], accessLevel: "Read")
        #expect(policy.decide([request, request], in: context).outcome.name == "Allow")
        unsafe #expect(asked.sorted() == ["oidc:sub sub", "request:Bucket.Name Bucket.Name"])
    }

    @Test("Claims and input members depend on case, other keys do not")
    func caseOfKeys() throws {
        func decide(_ key: String, _ values: [String: [String]]) throws -> String {
            try statements("- {Effect: Allow, Action: '*', Resource: '*', Condition: {StringEquals: {\(key): a}}}")
                .decide("a:b", values).outcome.name
        }
        #expect(try decide("AWS:RequestedREGION", ["aws:RequestedRegion": ["a"]]) == "Allow")
        #expect(try decide("Postern:QUERY", ["postern:Query": ["a"]]) == "Allow")
        #expect(try decide("OIDC:team", ["oidc:team": ["a"]]) == "Allow")
        #expect(try decide("oidc:Team", ["oidc:team": ["a"]]) == "DefaultDeny")
        #expect(try decide("request:Name", ["request:name": ["a"]]) == "DefaultDeny")
        let both = try statements(
            """
            - {Effect: Deny, Action: '*', Resource: '*', Condition: {StringEquals: {request:name: a}}}
            - {Effect: Deny, Action: '*', Resource: '*', Condition: {StringEquals: {request:Name: a}}}
            """
        )
        #expect(both.decide("a:b", ["request:Name": ["a"]]).statement?.number == 2)
    }

    @Test("What holds for every call through the gateway needs no context")
    func constants() throws {
        let policy = try statements(
            """
            - Effect: Allow
              Action: '*'
              Resource: '*'
              Condition:
                Bool: {aws:SecureTransport: true, aws:ViaAWSService: false}
                'Null': {aws:CalledVia: true}
            """
        )
        #expect(policy.decide("a:b").outcome.name == "Allow")
    }

    @Test("Keys of services are unknown unless given")
    func serviceKeys() throws {
        let policy = try statements(
            """
            - {Effect: Allow, Action: '*', Resource: '*', Condition: {StringEqualsIfExists: {s3:prefix: a}}}
            """
        )
        #expect(policy.decide("s3:ListBucket").outcome.name == "DefaultDeny")
        #expect(policy.decide("s3:ListBucket", ["s3:prefix": ["a"]]).outcome.name == "Allow")
    }
}

@Suite("Policy variables")
struct VariableTests {
    private static func decide(_ resource: String, _ values: [String: [String]], version: String = "2012-10-17") throws
        -> String
    {
        try policy("Version: \(version)\nStatement: {Effect: Allow, Action: '*', Resource: \"\(resource)\"}")
            .decide("s3:GetObject", on: "arn:aws:s3:::home/alice/*/x", values).outcome.name
    }

    @Test(
        "Take the call's value as literal text",
        arguments: [
            ("arn:aws:s3:::home/${oidc:sub}/*", ["oidc:sub": ["alice"]], "Allow"),
            ("arn:aws:s3:::home/${OIDC:sub}/*", ["oidc:sub": ["alice"]], "Allow"),
            ("arn:aws:s3:::home/${oidc:sub}/*", ["oidc:sub": ["bob"]], "DefaultDeny"),
            ("arn:aws:s3:::home/${oidc:sub}/*", ["oidc:sub": ["*"]], "DefaultDeny"),
            ("arn:aws:s3:::home/${oidc:sub}/*", [:], "DefaultDeny"),
            ("arn:aws:s3:::home/${oidc:sub}*", [:], "DefaultDeny"),
            ("arn:aws:s3:::home/${oidc:sub, ''}*", [:], "Allow"),
            ("arn:aws:s3:::home/${oidc:sub}/*", ["oidc:sub": ["alice", "bob"]], "DefaultDeny"),
            ("arn:aws:s3:::home/${oidc:sub, 'alice'}/*", [:], "Allow"),
            ("arn:aws:s3:::home/${ oidc:sub , 'alice' }/*", [:], "Allow"),
            ("arn:aws:s3:::home/${oidc:sub, 'alice'}/*", ["oidc:sub": ["bob"]], "DefaultDeny"),
            ("arn:aws:s3:::home/${oidc:sub, '*'}/*", [:], "DefaultDeny"),
        ] as [(String, [String: [String]], String)]
    )
    func literal(_ resource: String, _ values: [String: [String]], _ outcome: String) throws {
        #expect(try Self.decide(resource, values) == outcome)
    }

    @Test("Are plain text in a policy of 2008")
    func oldVersion() throws {
        let outcome = try Self.decide("arn:aws:s3:::home/${oidc:sub}/*", ["oidc:sub": ["alice"]], version: "2008-10-17")
        #expect(outcome == "DefaultDeny")
    }

    @Test("Count against the call when they cannot be resolved")
    func unresolved() throws {
        let policy = try statements(
            """
            - {Effect: Allow, Action: '*', Resource: '*'}
            - {Effect: Deny, Action: '*', NotResource: 'arn:aws:s3:::home/${oidc:sub}/*'}
            """
        )
        #expect(policy.decide("s3:GetObject", on: "arn:aws:s3:::home/a/x", ["oidc:sub": ["a"]]).outcome.name == "Allow")
        #expect(policy.decide("s3:GetObject", on: "arn:aws:s3:::home/a/x").outcome.name == "Deny")
    }

    @Test("Work in conditions on text and ARNs")
    func conditions() throws {
        let policy = try statements(
            """
            - Effect: Allow
              Action: '*'
              Resource: '*'
              Condition:
                StringEquals: {request:Owner: "${oidc:sub}"}
                StringEqualsIgnoreCase: {request:Team: "Team-${oidc:team}"}
                ArnLike: {postern:Role: "arn:aws:iam::1:role/${oidc:team}/*"}
            """
        )
        var values = [
            "oidc:sub": ["alice"], "oidc:team": ["RED"], "request:Owner": ["alice"], "request:Team": ["team-red"],
            "postern:Role": ["arn:aws:iam::1:role/RED/x"],
        ]
        #expect(policy.decide("a:b", values).outcome.name == "Allow")
        values["request:Owner"] = ["Alice"]
        #expect(policy.decide("a:b", values).outcome.name == "DefaultDeny")
    }
}
