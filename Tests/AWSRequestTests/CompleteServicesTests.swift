import Foundation
import Testing

@testable import AWSRequest

/// The services that agents use most, of which docs/catalogue.md says that they are complete.
private let completeServices = [
    "acm", "apigateway", "apigatewayv2", "athena", "autoscaling", "bedrock-runtime", "cloudformation", "cloudfront",
    "cloudtrail", "cloudwatch", "codebuild", "codepipeline", "cognito-idp", "dynamodb", "ec2", "ecr", "ecs", "eks",
    "elasticache", "elbv2", "events", "firehose", "glue", "iam", "kinesis", "kms", "lambda", "logs", "opensearch",
    "organizations", "rds", "redshift", "route53", "s3", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "sts",
]

/// A call of `Vectors/classification.txt`: operation and input, then an action with its resources a line.
struct DescribedCall: Sendable, CustomTestStringConvertible {
    let operation: String
    let input: String
    let expected: [String]
    var testDescription: String { "\(operation) \(input)" }

    static func all() throws -> [DescribedCall] {
        let url = try #require(Bundle.module.url(forResource: "Vectors/classification", withExtension: "txt"))
        var calls: [DescribedCall] = []
        var current: (String, String, [String])?
        func finish() {
            if let (operation, input, expected) = current {
                calls.append(.init(operation: operation, input: input, expected: expected))
            }
            current = nil
        }
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("    ") {
                current?.2.append(String(line.dropFirst(4)))
            } else {
                finish()
                let halves = line.split(separator: " ", maxSplits: 1).map(String.init)
                current = (halves[0], halves.count > 1 ? halves[1] : "{}", [])
            }
        }
        finish()
        return calls
    }
}

@Suite("Complete services")
struct CompleteServicesTests {
    @Test("Names every action and its resources", arguments: try DescribedCall.all())
    func classifies(_ call: DescribedCall) throws {
        let catalogue = try Catalogue.embedded()
        let operation = try #require(catalogue.operation(named: call.operation))
        let region = try #require(catalogue.region(named: "eu-west-1"))
        let input = try ParsedInput(json: Array(call.input.utf8), of: operation)
        for member in input.root.fields.map(\.name) {
            #expect(operation.input?.member(named: member) != nil, "\(member) is no member")
        }
        #expect(lines(catalogue.classify(operation, input, region: region, account: "111122223333")) == call.expected)
    }

    @Test("Has cases of every one of them", arguments: completeServices)
    func hasCases(_ service: String) throws {
        #expect(try DescribedCall.all().count { $0.operation.hasPrefix(service + ".") } >= 2)
    }

    /// Complete is: each action that AWS's reference lists has its resources, or at least their types, or has none.
    @Test("Derives what each documented action is about", arguments: completeServices)
    func derivesAll(_ service: String) throws {
        let catalogue = try Catalogue.embedded()
        for operation in try #require(catalogue.service(id: service)).operations {
            // These two have their resources in Swift.
            if service == "s3" || (service == "dynamodb" && operation.actions.count > 1) { continue }
            let rows = operation.resourceRange.map { ResourceRow(index: $0) }
            for action in operation.actions where action.isDocumented {
                let own = rows.filter { $0.action == action.index }
                #expect(own.contains { !$0.isUnknown }, "\(operation.qualifiedName)")
                #expect(!own.contains { $0.isUnknown && $0.isRequired }, "\(operation.qualifiedName)")
            }
        }
    }

    @Test("A role anywhere in an input is passed, also by two ways to one shape and in lists")
    func findsRoles() throws {
        let catalogue = try Catalogue.embedded()
        func roles(_ name: String) -> [String] {
            catalogue.operation(named: name)?.passedRoles.texts.map(\.string) ?? []
        }
        #expect(roles("ecs.RegisterTaskDefinition") == ["executionRoleArn", "taskRoleArn"])
        #expect(roles("ecs.RunTask").contains("overrides.taskRoleArn"))
        #expect(roles("redshift.ModifyClusterIamRoles").contains("AddIamRoles!arn"))
        #expect(roles("apigateway.PutIntegration") == ["credentials!arn"])
        #expect(roles("ec2.RequestSpotFleet").contains("SpotFleetRequestConfig.IamFleetRole"))
        #expect(roles("ec2.CreateLaunchTemplate").contains("LaunchTemplateData.IamInstanceProfile.Arn"))
        #expect(roles("events.PutTargets").contains("Targets.RoleArn"))
        #expect(roles("firehose.CreateDeliveryStream").count > 10)
        #expect(roles("s3.PutBucketReplication") == ["ReplicationConfiguration.Role"])
        // Every service that can run code for a role asks for it by one of these names.
        for service in ["lambda", "glue", "sagemaker", "batch", "codebuild", "stepfunctions", "emr", "bedrock-agent"] {
            let operations = try #require(catalogue.service(id: service)).operations
            #expect(operations.contains { !$0.passedRoles.texts.isEmpty }, "\(service)")
        }
    }
}
