import Foundation
import Masking
import Testing

/// One line of Vectors/rules.txt.
struct ModelRule: CustomTestStringConvertible {
    var memberClass: String
    var operation: String
    var form: String
    var path: [String]

    var testDescription: String { "\(memberClass) \(operation) \(form) \(path.joined(separator: "/"))" }

    /// The rules of a form with a path below the root.
    static func all(form: String) throws -> [ModelRule] {
        guard let url = Bundle.module.url(forResource: "rules", withExtension: "txt", subdirectory: "Vectors") else {
            return []
        }
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, fields[2] == form else { return nil }
            let path = fields[3].split(separator: "/").map(String.init)
            guard !path.isEmpty, fields[0] != "flags" else { return nil }
            return ModelRule(memberClass: fields[0], operation: fields[1], form: form, path: path)
        }
    }

    /// Whether the value is replaced whatever it is.
    var isWhole: Bool { ["C", "E", "S", "U"].contains(memberClass) }
}

@Suite("Model rules")
struct ModelRuleTests {
    static let value = "ordinary"

    /// A document with `value` at the member and beside it.
    static func json(_ rule: ModelRule) -> String {
        var text = "\"\(value)\""
        for (index, name) in rule.path.enumerated().reversed() {
            // Lists are transparent: every other level is in one.
            let inner = index % 2 == 0 ? text : "[\(text)]"
            text = name == "*" ? "{\"Any\":\(inner)}" : "{\"Other\":\"kept\",\"\(name)\":\(inner)}"
        }
        return text
    }

    static func xml(_ rule: ModelRule) -> String {
        var text = value
        for name in rule.path.reversed() {
            text = name == "*" ? "<member>\(text)</member>" : "<Other>kept</Other><\(name)>\(text)</\(name)>"
        }
        return "<Root>\(text)</Root>"
    }

    @Test("Masks the member at its place in JSON", arguments: try ModelRule.all(form: "json"))
    func json(rule: ModelRule) throws {
        let body = Self.json(rule)
        let output = try masked(body, rule.operation)
        #expect(output.contains(Self.value) != rule.isWhole, "\(output)")
        #expect(output.contains("[masked:") == rule.isWhole)
        #expect(output.components(separatedBy: "kept").count == rule.path.filter { $0 != "*" }.count + 1)
    }

    @Test("Masks the member at its place in XML", arguments: try ModelRule.all(form: "xml"))
    func xml(rule: ModelRule) throws {
        let output = try masked(Self.xml(rule), rule.operation, contentType: "text/xml")
        #expect(output.contains(Self.value) != rule.isWhole, "\(output)")
        #expect(output.contains("[masked:") == rule.isWhole)
        #expect(output.components(separatedBy: "kept").count == rule.path.filter { $0 != "*" }.count + 1)
    }

    @Test("Knows the families that issue 6 names")
    func families() throws {
        let rules = Set(try (ModelRule.all(form: "json") + ModelRule.all(form: "xml")).map(\.operation))
        for operation in [
            "secretsmanager.BatchGetSecretValue", "ssm.GetParametersByPath", "ssm.GetParameterHistory",
            "ssm.StartSession",
            "sts.AssumeRoleWithSAML", "iam.CreateAccessKey", "iam.ResetServiceSpecificCredential", "lambda.GetFunction",
            "ecs.RegisterTaskDefinition", "batch.DescribeJobs", "codebuild.BatchGetBuilds", "apprunner.DescribeService",
            "amplify.GetBranch", "elasticbeanstalk.DescribeConfigurationSettings", "ec2.DescribeInstanceAttribute",
            "ec2.DescribeLaunchTemplateVersions", "ec2.GetPasswordData", "ec2.CreateKeyPair",
            "redshift.GetClusterCredentials",
            "dms.DescribeEndpoints", "glue.GetConnections", "cognito-idp.DescribeUserPoolClient",
            "apigateway.GetApiKeys",
            "appsync.ListApiKeys", "cloudformation.DescribeStacks", "cloudformation.GetTemplate", "kms.Decrypt",
            "ecr.GetAuthorizationToken", "codeartifact.GetAuthorizationToken", "iot.CreateKeysAndCertificate",
        ] { #expect(rules.contains(operation), "\(operation)") }
    }

    @Test("Leaves page tokens of the models, whatever they look like")
    func pageTokens() throws {
        let token = "password=" + nonsense(40)
        for (operation, name) in [("ecs.ListTasks", "nextToken"), ("dynamodb.ListTables", "LastEvaluatedTableName")] {
            let body = "{\"\(name)\":\"\(token)\"}"
            #expect(try masked(body, operation) == body)
        }
    }
}
