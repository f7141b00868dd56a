import Testing

@testable import AWSRequest

private let here = "eu-west-1:111122223333"

@Suite("Classification by service")
struct ServiceClassificationTests {
    static let cases: [ClassificationCase] = [
        // Messages
        .json(
            "AmazonSQS.SendMessage",
            "sqs",
            #"{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/222233334444/q","MessageBody":"b"}"#,
            "sqs:SendMessage arn:aws:sqs:eu-west-1:222233334444:q"
        ),
        .json(
            "AmazonSQS.SendMessageBatch",
            "sqs",
            #"{"QueueUrl":"http://localhost/111122223333/q","Entries":[]}"#,
            "sqs:SendMessage arn:aws:sqs:\(here):q"
        ),
        .json("AmazonSQS.CreateQueue", "sqs", #"{"QueueName":"q"}"#, "sqs:CreateQueue arn:aws:sqs:\(here):q"),
        .json("AmazonSQS.ListQueues", "sqs", "{}", "sqs:ListQueues *"),
        .form(
            "sns",
            "Action=Publish&Version=2010-03-31&TopicArn=arn:aws:sns:\(here):t&Message=m",
            "sns:Publish arn:aws:sns:\(here):t"
        ),
        .form("sns", "Action=Publish&Version=2010-03-31&PhoneNumber=1&Message=m", "sns:Publish ?"),
        // Keys, secrets, parameters
        .json(
            "TrentService.Decrypt",
            "kms",
            #"{"CiphertextBlob":"AA==","KeyId":"1234"}"#,
            "kms:Decrypt arn:aws:kms:\(here):key/1234"
        ),
        .json("TrentService.Decrypt", "kms", #"{"CiphertextBlob":"AA=="}"#, "kms:Decrypt ?"),
        .json(
            "TrentService.Encrypt",
            "kms",
            #"{"Plaintext":"AA==","KeyId":"alias/a"}"#,
            "kms:Encrypt arn:aws:kms:\(here):key/*"
        ),
        .json(
            "TrentService.ReEncrypt",
            "kms",
            #"{"CiphertextBlob":"AA==","DestinationKeyId":"arn:aws:kms:eu-west-1:1:key/k"}"#,
            "kms:ReEncryptFrom arn:aws:kms:eu-west-1:1:key/k",
            "kms:ReEncryptTo arn:aws:kms:eu-west-1:1:key/k"
        ),
        .json(
            "secretsmanager.GetSecretValue",
            "secretsmanager",
            #"{"SecretId":"prod/db"}"#,
            "secretsmanager:GetSecretValue arn:aws:secretsmanager:\(here):secret:prod/db-??????"
        ),
        .json(
            "secretsmanager.GetSecretValue",
            "secretsmanager",
            #"{"SecretId":"arn:aws:secretsmanager:\#(here):secret:a-Abc123"}"#,
            "secretsmanager:GetSecretValue arn:aws:secretsmanager:\(here):secret:a-Abc123"
        ),
        .json("secretsmanager.ListSecrets", "secretsmanager", "{}", "secretsmanager:ListSecrets *"),
        .json(
            "AmazonSSM.GetParameter",
            "ssm",
            #"{"Name":"/a/b"}"#,
            "ssm:GetParameter arn:aws:ssm:\(here):parameter/a/b"
        ),
        .json(
            "AmazonSSM.GetParameters",
            "ssm",
            #"{"Names":["a","/b"]}"#,
            "ssm:GetParameters arn:aws:ssm:\(here):parameter/a arn:aws:ssm:\(here):parameter/b"
        ),
        // Tables
        .json(
            "DynamoDB_20120810.GetItem",
            "dynamodb",
            #"{"TableName":"t","Key":{}}"#,
            "dynamodb:GetItem arn:aws:dynamodb:\(here):table/t"
        ),
        .json(
            "DynamoDB_20120810.Query",
            "dynamodb",
            #"{"TableName":"t","IndexName":"i"}"#,
            "dynamodb:Query arn:aws:dynamodb:\(here):table/t/index/i"
        ),
        .json(
            "DynamoDB_20120810.BatchGetItem",
            "dynamodb",
            #"{"RequestItems":{"t":{},"u":{}}}"#,
            "dynamodb:BatchGetItem arn:aws:dynamodb:\(here):table/t arn:aws:dynamodb:\(here):table/u"
        ),
        .json(
            "DynamoDB_20120810.TransactWriteItems",
            "dynamodb",
            #"{"TransactItems":[{"Put":{"TableName":"t"}},{"Delete":{"TableName":"u"}}]}"#,
            "dynamodb:PutItem arn:aws:dynamodb:\(here):table/t",
            "dynamodb:DeleteItem arn:aws:dynamodb:\(here):table/u"
        ),
        .json(
            "DynamoDB_20120810.ExecuteStatement",
            "dynamodb",
            #"{"Statement":"DELETE FROM \"t\" WHERE a=1"}"#,
            "dynamodb:PartiQLDelete arn:aws:dynamodb:\(here):table/t"
        ),
        .json(
            "DynamoDB_20120810.ExecuteStatement",
            "dynamodb",
            #"{"Statement":"select * from t"}"#,
            "dynamodb:PartiQLSelect ?"
        ),
        .json(
            "DynamoDB_20120810.ExecuteStatement",
            "dynamodb",
            #"{"Statement":"/**/DELETE FROM t"}"#,
            "dynamodb:PartiQLSelect ?",
            "dynamodb:PartiQLInsert ?",
            "dynamodb:PartiQLUpdate ?",
            "dynamodb:PartiQLDelete ?"
        ),
        // Functions and state machines
        .rest(
            "POST",
            "/2015-03-31/functions/f/invocations?Qualifier=live",
            "lambda",
            "{}",
            "lambda:InvokeFunction arn:aws:lambda:\(here):function:f:live"
        ),
        .rest(
            "POST",
            "/2015-03-31/functions/222233334444%3Afunction%3Af/invocations",
            "lambda",
            "{}",
            "lambda:InvokeFunction arn:aws:lambda:eu-west-1:222233334444:function:f"
        ),
        .rest("GET", "/2015-03-31/functions", "lambda", "", "lambda:ListFunctions *"),
        .rest(
            "POST",
            "/2015-03-31/functions",
            "lambda",
            #"{"FunctionName":"f","Role":"arn:aws:iam::111122223333:role/r","Code":{}}"#,
            "lambda:CreateFunction arn:aws:lambda:\(here):function:f",
            "iam:PassRole arn:aws:iam::111122223333:role/r"
        ),
        .rest(
            "PUT",
            "/2015-03-31/functions/f/configuration",
            "lambda",
            #"{"Timeout":3}"#,
            "lambda:UpdateFunctionConfiguration arn:aws:lambda:\(here):function:f"
        ),
        .json(
            "AWSStepFunctions.StartExecution",
            "states",
            #"{"stateMachineArn":"arn:aws:states:\#(here):stateMachine:m"}"#,
            "states:StartExecution arn:aws:states:\(here):stateMachine:m"
        ),
        .json(
            "AWSStepFunctions.CreateStateMachine",
            "states",
            #"{"name":"m","definition":"{}","roleArn":"arn:aws:iam::1:role/r"}"#,
            "states:CreateStateMachine arn:aws:states:\(here):stateMachine:m",
            "iam:PassRole arn:aws:iam::1:role/r"
        ),
        // Identity
        .form(
            "iam",
            "Action=CreateUser&Version=2010-05-08&UserName=u",
            "iam:CreateUser arn:aws:iam::111122223333:user/u"
        ),
        .form(
            "iam",
            "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=x&Tags.member.1.Key=a&Tags.member.1.Value=b",
            "iam:CreateRole arn:aws:iam::111122223333:role/r",
            "iam:TagRole arn:aws:iam::111122223333:role/r"
        ),
        .form(
            "iam",
            "Action=AttachRolePolicy&Version=2010-05-08&RoleName=r&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess",
            "iam:AttachRolePolicy arn:aws:iam::111122223333:role/r"
        ),
        .form("iam", "Action=ListUsers&Version=2010-05-08", "iam:ListUsers *"),
        .form(
            "sts",
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::1:role/r&RoleSessionName=s",
            "sts:AssumeRole arn:aws:iam::1:role/r"
        ),
        .form("sts", "Action=GetCallerIdentity&Version=2011-06-15", "sts:GetCallerIdentity *"),
        // Machines
        .form("ec2", "Action=DescribeInstances&Version=2016-11-15", "ec2:DescribeInstances *"),
        .form(
            "ec2",
            "Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-1&InstanceId.2=i-2",
            "ec2:TerminateInstances arn:aws:ec2:\(here):instance/i-1 arn:aws:ec2:\(here):instance/i-2"
        ),
        .form(
            "ec2",
            "Action=CreateTags&Version=2016-11-15&ResourceId.1=i-1&ResourceId.2=vol-2&Tag.1.Key=a&Tag.1.Value=b",
            "ec2:CreateTags arn:aws:ec2:\(here):instance/i-1 arn:aws:ec2:\(here):volume/vol-2"
        ),
        .form("ec2", "Action=CreateTags&Version=2016-11-15&ResourceId.1=new-1", "ec2:CreateTags ?"),
        .form(
            "ec2",
            "Action=DeleteSecurityGroup&Version=2016-11-15&GroupId=sg-1",
            "ec2:DeleteSecurityGroup arn:aws:ec2:\(here):security-group/sg-1"
        ),
        // Containers
        .json(
            "AmazonEC2ContainerServiceV20141113.RunTask",
            "ecs",
            #"{"taskDefinition":"f:1"}"#,
            "ecs:RunTask arn:aws:ecs:\(here):task-definition/f:1"
        ),
        .json(
            "AmazonEC2ContainerServiceV20141113.DescribeClusters",
            "ecs",
            #"{"clusters":["c"]}"#,
            "ecs:DescribeClusters arn:aws:ecs:\(here):cluster/c"
        ),
        .json(
            "AmazonEC2ContainerRegistry_V20150921.BatchGetImage",
            "ecr",
            #"{"repositoryName":"r","imageIds":[]}"#,
            "ecr:BatchGetImage arn:aws:ecr:\(here):repository/r"
        ),
        .json("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", "ecr", "{}", "ecr:GetAuthorizationToken *"),
        .rest("GET", "/clusters/c", "eks", "", "eks:DescribeCluster arn:aws:eks:\(here):cluster/c"),
        // Logs, metrics, events
        .json(
            "Logs_20140328.FilterLogEvents",
            "logs",
            #"{"logGroupName":"/aws/lambda/f"}"#,
            "logs:FilterLogEvents arn:aws:logs:\(here):log-group:/aws/lambda/f:log-stream:"
        ),
        .json(
            "GraniteServiceVersion20100801.PutMetricData",
            "monitoring",
            #"{"Namespace":"n"}"#,
            "cloudwatch:PutMetricData *"
        ),
        .json(
            "AWSEvents.PutEvents",
            "events",
            #"{"Entries":[{"EventBusName":"b"},{}]}"#,
            "events:PutEvents arn:aws:events:\(here):event-bus/b arn:aws:events:\(here):event-bus/default"
        ),
        // Infrastructure
        .form(
            "cloudformation",
            "Action=DeleteStack&Version=2010-05-15&StackName=s",
            "cloudformation:DeleteStack arn:aws:cloudformation:\(here):stack/s/*"
        ),
        .form(
            "rds",
            "Action=DeleteDBInstance&Version=2014-10-31&DBInstanceIdentifier=d",
            "rds:DeleteDBInstance arn:aws:rds:\(here):db:d"
        ),
        .rest(
            "GET",
            "/restapis/a/stages",
            "apigateway",
            "",
            "apigateway:GET arn:aws:apigateway:eu-west-1::/restapis/a/stages"
        ),
        .rest("DELETE", "/v2/apis/a", "apigateway", "", "apigateway:DELETE arn:aws:apigateway:eu-west-1::/v2/apis/a"),
        .rest(
            "POST",
            "/2013-04-01/hostedzone/Z1/rrset",
            "route53",
            "<ChangeResourceRecordSetsRequest/>",
            "route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z1"
        ),
        .rest(
            "POST",
            "/model/m/converse",
            "bedrock",
            "{}",
            "bedrock:InvokeModel arn:aws:bedrock:eu-west-1::foundation-model/m"
        ),
        .rest(
            "POST",
            "/model/eu.m/invoke",
            "bedrock",
            "{}",
            "bedrock:InvokeModel arn:aws:bedrock:\(here):inference-profile/eu.m"
        ),
    ]

    @Test("Names actions and resources", arguments: cases)
    func classifies(_ test: ClassificationCase) throws {
        #expect(try lines(classify(test.request, test.service, test.body)) == test.expected)
    }

    @Test("Takes levels and risks from the catalogue, the highest level first")
    func levels() throws {
        let secret = try classify(
            request("POST", "/", json("secretsmanager.GetSecretValue")),
            "secretsmanager",
            #"{"SecretId":"a"}"#
        )
        #expect(secret.accessLevel == .read)
        let key = try classify(request("POST", "/", form), "iam", "Action=CreateAccessKey&Version=2010-05-08")
        #expect(key.risks.contains(.credentialsExposure))
        let create = try classify(
            request("POST", "/2015-03-31/functions"),
            "lambda",
            #"{"FunctionName":"f","Role":"arn:aws:iam::1:role/r"}"#
        )
        #expect(create.risks.contains(.privilegeEscalation))
        #expect(create.actions.map(\.name).contains("iam:PassRole"))
    }

    @Test("Gives every operation an action, and a read no higher level than its action has")
    func everyOperation() throws {
        let catalogue = try Catalogue.embedded()
        for service in catalogue.services {
            for operation in service.operations where operation.actions.isEmpty {
                Issue.record("\(operation.qualifiedName) has no action")
            }
        }
    }
}
