extension ActionBuilder {
    /// The right to tag, which most services want beside the right to create when a call creates something with tags.
    ///
    /// Service Authorization Reference, the "dependent actions" of each service's creations.
    func tagging() -> [RequiredAction] {
        switch operation.service.id {
        case "ec2":
            let types = input.texts(at: "TagSpecifications.ResourceType")
            guard isCreation, operation.name != "CreateTags", !types.isEmpty else { return [] }
            return [action("ec2:CreateTags", types.map { context.prefix("ec2") + $0 + "/*" })]
        case "iam":
            guard isCreation, hasTags else { return [] }
            let name = "iam:Tag" + operation.name.dropFirst("Create".count)
            guard catalogue.action(named: name) != nil else { return [] }
            return [action(name, general().first?.resources ?? nil)]
        default:
            guard let name = Self.tagActions[operation.service.id], hasTags, !operation.name.contains("Tag"),
                let main = general().first, main.accessLevel.isMutating
            else { return [] }
            // Tags are on a log group itself, which is not how its other actions name it.
            return [action(name, main.resources?.map { $0.replacing(":log-stream:", with: "") })]
        }
    }

    private var isCreation: Bool { operation.name.hasPrefix("Create") || operation.name.hasPrefix("Run") }

    /// Tags under any of the names that the services give them.
    private var hasTags: Bool {
        ["Tags", "tags", "TagList", "Tags.Items", "HostedZoneTags"].contains { !input.values(at: $0).isEmpty }
    }

    /// The action that tags, by service.
    private static let tagActions = [
        "acm": "acm:AddTagsToCertificate", "apprunner": "apprunner:TagResource", "athena": "athena:TagResource",
        "autoscaling": "autoscaling:CreateOrUpdateTags", "backup": "backup:TagResource", "batch": "batch:TagResource",
        "cloudformation": "cloudformation:TagResource", "cloudtrail": "cloudtrail:AddTags",
        "cloudwatch": "cloudwatch:TagResource", "codebuild": "codebuild:TagResource",
        "codecommit": "codecommit:TagResource", "codepipeline": "codepipeline:TagResource",
        "cognito-idp": "cognito-idp:TagResource", "config": "config:TagResource", "dynamodb": "dynamodb:TagResource",
        "ecr": "ecr:TagResource", "ecs": "ecs:TagResource", "efs": "elasticfilesystem:TagResource",
        "eks": "eks:TagResource", "elasticache": "elasticache:AddTagsToResource",
        "elbv2": "elasticloadbalancing:AddTags", "events": "events:TagResource",
        "firehose": "firehose:TagDeliveryStream",
        "glue": "glue:TagResource", "kinesis": "kinesis:TagResource", "kms": "kms:TagResource",
        "lambda": "lambda:TagResource", "logs": "logs:TagResource", "opensearch": "es:AddTags",
        "organizations": "organizations:TagResource", "rds": "rds:AddTagsToResource", "redshift": "redshift:CreateTags",
        "sagemaker": "sagemaker:AddTags", "secretsmanager": "secretsmanager:TagResource", "sns": "sns:TagResource",
        "sqs": "sqs:TagQueue", "ssm": "ssm:AddTagsToResource", "stepfunctions": "states:TagResource",
        "wafv2": "wafv2:TagResource",
    ]
}
