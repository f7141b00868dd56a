import Policy
import Testing

/// Situations that the IAM User Guide's chapter "Example IAM identity-based policies" treats, in policies of our own.
@Suite("Pasted IAM policies")
struct PastedPolicyTests {
    private func decide(_ text: String, _ calls: [(String, String?, [String: [String]], String)]) throws {
        let policy = try policy(text)
        for (action, resource, values, outcome) in calls {
            let decision = policy.decide(action, on: resource, values)
            #expect(decision.outcome.name == outcome, "\(action) on \(resource ?? "?") with \(values)")
        }
    }

    @Test("Access between two dates")
    func dates() throws {
        try decide(
            """
            {"Version": "2012-10-17", "Statement": {
              "Effect": "Allow", "Action": "logs:*", "Resource": "*",
              "Condition": {
                "DateGreaterThan": {"aws:CurrentTime": "2026-04-01T00:00:00Z"},
                "DateLessThan": {"aws:CurrentTime": "2026-06-30T23:59:59Z"}
              }}}
            """,
            [
                ("logs:GetLogEvents", "*", ["aws:CurrentTime": ["2026-05-01T12:00:00Z"]], "Allow"),
                ("logs:GetLogEvents", "*", ["aws:CurrentTime": ["2026-04-01T00:00:00Z"]], "DefaultDeny"),
                ("logs:GetLogEvents", "*", ["aws:CurrentTime": ["2026-07-01T00:00:00+02:00"]], "Allow"),
                ("logs:GetLogEvents", "*", ["aws:CurrentTime": ["2026-07-01T00:00:00Z"]], "DefaultDeny"),
                ("logs:GetLogEvents", "*", [:], "DefaultDeny"),
            ]
        )
    }

    @Test("Only from the office, unless a service calls on the caller's behalf")
    func sourceAddress() throws {
        try decide(
            """
            {"Version": "2012-10-17", "Statement": [
              {"Effect": "Allow", "Action": "*", "Resource": "*"},
              {"Effect": "Deny", "Action": "*", "Resource": "*",
               "Condition": {
                 "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8:1234::/48"]},
                 "Bool": {"aws:ViaAWSService": "false"}}}]}
            """,
            [
                ("ec2:RunInstances", "*", ["aws:SourceIp": ["192.0.2.77"]], "Allow"),
                ("ec2:RunInstances", "*", ["aws:SourceIp": ["2001:db8:1234:ffff::1"]], "Allow"),
                ("ec2:RunInstances", "*", ["aws:SourceIp": ["203.0.113.1"]], "Deny"),
                ("ec2:RunInstances", "*", ["aws:SourceIp": ["2001:db8:1235::1"]], "Deny"),
                ("ec2:RunInstances", "*", [:], "Deny"),
            ]
        )
    }

    @Test("Two regions, global services excepted")
    func regions() throws {
        try decide(
            """
            {"Version": "2012-10-17", "Statement": [
              {"Effect": "Allow", "Action": "*", "Resource": "*"},
              {"Effect": "Deny", "NotAction": ["iam:*", "cloudfront:*", "route53:*", "support:*"], "Resource": "*",
               "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-2"]}}}]}
            """,
            [
                ("s3:GetObject", "*", ["aws:RequestedRegion": ["eu-west-2"]], "Allow"),
                ("s3:GetObject", "*", ["aws:RequestedRegion": ["us-east-1"]], "Deny"),
                ("iam:ListUsers", "*", ["aws:RequestedRegion": ["us-east-1"]], "Allow"),
            ]
        )
    }

    @Test("A folder for everybody")
    func homeFolder() throws {
        let text = """
            {"Version": "2012-10-17", "Statement": [
              {"Sid": "ListOwnFolder", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::homes",
               "Condition": {"StringLike": {"s3:prefix": ["", "home/", "home/${oidc:sub}/*"]}}},
              {"Sid": "OwnFolder", "Effect": "Allow", "Action": "s3:*Object",
               "Resource": ["arn:aws:s3:::homes/home/${oidc:sub}", "arn:aws:s3:::homes/home/${oidc:sub}/*"]}]}
            """
        let alice = ["oidc:sub": ["alice"]]
        try decide(
            text,
            [
                ("s3:PutObject", "arn:aws:s3:::homes/home/alice/notes.txt", alice, "Allow"),
                ("s3:PutObject", "arn:aws:s3:::homes/home/bob/notes.txt", alice, "DefaultDeny"),
                ("s3:PutObject", "arn:aws:s3:::homes/home/alice2/notes.txt", alice, "DefaultDeny"),
                ("s3:ListBucket", "arn:aws:s3:::homes", alice, "DefaultDeny"),
                ("s3:ListBucket", "arn:aws:s3:::homes", alice.merging(["s3:prefix": ["home/alice/x"]]) { $1 }, "Allow"),
                (
                    "s3:ListBucket", "arn:aws:s3:::homes", alice.merging(["s3:prefix": ["home/bob/"]]) { $1 },
                    "DefaultDeny"
                ),
            ]
        )
    }

    @Test("Only tagged machines: what the gateway cannot tell is not allowed")
    func tags() throws {
        try decide(
            """
            {"Version": "2012-10-17", "Statement": [
              {"Effect": "Allow", "Action": ["ec2:StartInstances", "ec2:StopInstances"],
               "Resource": "arn:aws:ec2:*:*:instance/*",
               "Condition": {"StringEquals": {"aws:ResourceTag/Owner": "${oidc:sub}"}}},
              {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}]}
            """,
            [
                ("ec2:StopInstances", "arn:aws:ec2:eu-west-1:1:instance/i-1", ["oidc:sub": ["a"]], "DefaultDeny"),
                (
                    "ec2:StopInstances", "arn:aws:ec2:eu-west-1:1:instance/i-1",
                    ["oidc:sub": ["a"], "aws:ResourceTag/Owner": ["a"]], "Allow"
                ),
                ("ec2:DescribeInstances", "*", [:], "Allow"),
            ]
        )
    }

    @Test("Some columns of a table, for one's own rows")
    func columns() throws {
        let text = """
            {"Version": "2012-10-17", "Statement": [{
              "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"],
              "Resource": "arn:aws:dynamodb:*:*:table/Thesis",
              "Condition": {
                "ForAllValues:StringEquals": {
                  "dynamodb:LeadingKeys": "${oidc:sub}", "dynamodb:Attributes": ["id", "title"]},
                "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
                "Null": {"dynamodb:LeadingKeys": "false"}}}]}
            """
        let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/Thesis"
        let whole = ["oidc:sub": ["a"], "dynamodb:LeadingKeys": ["a"], "dynamodb:Attributes": ["id"]]
        let select = ["dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]]
        try decide(
            text,
            [
                ("dynamodb:GetItem", table, whole.merging(select) { $1 }, "Allow"),
                ("dynamodb:GetItem", table, whole, "DefaultDeny"),
                (
                    "dynamodb:GetItem", table,
                    whole.merging(select) { $1 }.merging(["dynamodb:Attributes": ["id", "mark"]]) { $1 }, "DefaultDeny"
                ),
                (
                    "dynamodb:GetItem", table,
                    whole.merging(select) { $1 }.merging(["dynamodb:LeadingKeys": []]) { $1 }, "DefaultDeny"
                ),
                ("dynamodb:GetItem", table + "2", whole.merging(select) { $1 }, "DefaultDeny"),
            ]
        )
    }

    @Test("Everything but what needs a second factor: a Deny on what cannot be told counts")
    func secondFactor() throws {
        try decide(
            """
            {"Version": "2012-10-17", "Statement": [
              {"Effect": "Allow", "Action": "*", "Resource": "*"},
              {"Effect": "Deny", "NotAction": ["iam:ListMFADevices", "sts:GetSessionToken"], "Resource": "*",
               "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]}
            """,
            [
                ("s3:GetObject", "*", [:], "Deny"), ("iam:ListMFADevices", "*", [:], "Allow"),
                ("s3:GetObject", "*", ["aws:MultiFactorAuthPresent": ["true"]], "Allow"),
            ]
        )
    }
}
