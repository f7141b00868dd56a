import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("Recognition by protocol")
struct RecognitionTests {
    @Test("Reads the operation from X-Amz-Target")
    func jsonTarget() throws {
        let call = try recognise(request("POST", "/", json("AmazonSSM.GetParameter")), "ssm")
        #expect(call.qualifiedName == "ssm.GetParameter")
        #expect(call.wireProtocol == .json11)
        #expect(call.region == "eu-west-1")
        #expect(call.partition.id == "aws")
        #expect(call.bodyNeed == .whole)
        #expect(!call.isMutating)
    }

    @Test(
        "Tells services of one signing name apart",
        arguments: [
            ("dynamodb", "DynamoDB_20120810.GetItem", "1.0", "dynamodb.GetItem"),
            ("dynamodb", "DynamoDBStreams_20120810.GetRecords", "1.0", "dynamodbstreams.GetRecords"),
            ("monitoring", "GraniteServiceVersion20100801.GetMetricData", "1.0", "cloudwatch.GetMetricData"),
            ("states", "AWSStepFunctions.StartExecution", "1.0", "stepfunctions.StartExecution"),
        ]
    )
    func sharedName(_ service: String, _ target: String, _ version: String, _ name: String) throws {
        #expect(try recognise(request("POST", "/", json(target, version)), service).qualifiedName == name)
    }

    @Test("Reads Action and Version from a form body, and maps the region of a global service")
    func queryForm() throws {
        let call = try recognise(request("POST", "/", form), "iam", body: "Action=ListUsers&Version=2010-05-08")
        #expect(call.qualifiedName == "iam.ListUsers")
        #expect(call.wireProtocol == .query)
        #expect(call.region == "us-east-1")
        #expect(call.requestedRegion.name == "eu-west-1")
    }

    @Test("Takes CloudSearch's search as a form, as botocore writes it")
    func searchForm() throws {
        let post = request("POST", "/2013-01-01/search", form)
        let body = Array("format=sdk&pretty=true&q=star%20wars".utf8)
        let call = try recognise(post, .signed(region: "eu-west-1", service: "cloudsearch"), body: body)
        #expect(call.qualifiedName == "cloudsearchdomain.Search")
        #expect(call.target == "/2013-01-01/search")
        #expect(try Catalogue.embedded().parse(call, post, body: body).text(at: "query") == "star wars")
    }

    @Test(
        "Refuses a form that is no search",
        arguments: [
            "", "format=sdk", "format=sdk&pretty=true&q=a&nothing=1", "format=sdk&pretty=true&q=a b",
            "format=sdk&pretty=true&q=%zz", "format=sdk&pretty=true&q=a?b=c", "format=sdk&pretty=true&q=a#b",
            "format=sdk&pretty=true&q=\r\n", "format=sdk&pretty=true&q=" + String(repeating: "a", count: 65_536),
        ]
    )
    func badSearchForm(_ body: String) {
        let post = request("POST", "/2013-01-01/search", form)
        #expect(throws: RecognitionError.self) { try recognise(post, "cloudsearch", body: body) }
    }

    @Test("Refuses a search whose form has a parameter twice, or a bare plus")
    func ambiguousSearchForm() throws {
        let post = request("POST", "/2013-01-01/search", form)
        for text in ["format=sdk&pretty=true&q=a&q=b", "format=sdk&pretty=true&q=a+b"] {
            #expect(throws: (any Error).self, "\(text)") {
                let call = try recognise(post, "cloudsearch", body: text)
                _ = try Catalogue.embedded().parse(call, post, body: Array(text.utf8))
            }
        }
    }

    @Test(
        "Refuses operations that take a stream of events by name",
        arguments: [
            ("POST", "/model/anthropic.claude/invoke-with-bidirectional-stream", "bedrock"),
            ("POST", "/bots/b/botAliases/a/botLocales/en_US/sessions/s/conversation", "lex"),
        ]
    )
    func eventStreams(_ method: String, _ target: String, _ service: String) {
        #expect { try recognise(request(method, target), service) } throws: { error in
            if case .unsupported(let text) = error as? RecognitionError { text.contains("HTTP/2") } else { false }
        }
    }

    @Test("Reads Action and Version from the URL's query")
    func queryURL() throws {
        let call = try recognise(request("GET", "/?Action=DescribeInstances&Version=2016-11-15"), "ec2")
        #expect(call.qualifiedName == "ec2.DescribeInstances")
        #expect(call.wireProtocol == .ec2)
    }

    @Test("Takes the one API of rds, docdb and neptune as rds, and keeps the others as candidates")
    func rdsFamily() throws {
        let call = try recognise(
            request("POST", "/", form),
            "rds",
            body: "Action=DescribeDBClusters&Version=2014-10-31"
        )
        #expect(call.qualifiedName == "rds.DescribeDBClusters")
        #expect(Set(call.candidates.map(\.service.id)) == ["rds", "docdb", "neptune"])
    }

    @Test("Tells load balancer generations apart by Version")
    func loadBalancers() throws {
        let body = "Action=DescribeLoadBalancers&Version="
        #expect(
            try recognise(request("POST", "/", form), "elasticloadbalancing", body: body + "2015-12-01").qualifiedName
                == "elbv2.DescribeLoadBalancers"
        )
        #expect(
            try recognise(request("POST", "/", form), "elasticloadbalancing", body: body + "2012-06-01").qualifiedName
                == "elb.DescribeLoadBalancers"
        )
    }

    @Test("Reads the operation from a Smithy RPC path")
    func cbor() throws {
        let call = try recognise(
            request(
                "POST",
                "/service/GraniteServiceVersion20100801/operation/ListMetrics",
                [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")]
            ),
            "monitoring"
        )
        #expect(call.qualifiedName == "cloudwatch.ListMetrics")
        #expect(call.wireProtocol == .cbor)
    }

    @Test("Takes the CBOR of older Java SDKs for Kinesis, and for nothing else")
    func kinesisCBOR() throws {
        let headers = [("content-type", "application/x-amz-cbor-1.1"), ("x-amz-target", "Kinesis_20131202.ListShards")]
        let call = try recognise(request("POST", "/", headers), "kinesis")
        #expect(call.wireProtocol == .cbor && call.qualifiedName == "kinesis.ListShards")
        #expect(throws: RecognitionError.contentType("application/x-amz-cbor-1.1")) {
            try recognise(request("POST", "/", headers), "ssm")
        }
    }

    @Test(
        "Matches REST paths, the most literal first",
        arguments: [
            ("GET", "/2015-03-31/functions/", "lambda", "lambda.ListFunctions"),
            ("GET", "/2015-03-31/functions/f", "lambda", "lambda.GetFunction"),
            (
                "POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/invocations", "lambda",
                "lambda.Invoke"
            ),
            ("GET", "/restapis/a/stages/b", "apigateway", "apigateway.GetStage"),
            ("GET", "/v2/apis", "apigateway", "apigatewayv2.GetApis"),
            ("POST", "/v2/email/list-identities", "ses", "sesv2.ListEmailIdentities"),
            ("GET", "/v2/email/identities", "ses", "sesv2.ListEmailIdentities"),
            ("GET", "/2013-04-01/hostedzone", "route53", "route53.ListHostedZones"),
            ("GET", "/2020-05-31/distribution", "cloudfront", "cloudfront.ListDistributions"),
            ("GET", "/clusters/%6Eame/node-groups", "eks", "eks.ListNodegroups"),
        ]
    )
    func rest(_ method: String, _ target: String, _ service: String, _ name: String) throws {
        #expect(try recognise(request(method, target), service).qualifiedName == name)
    }

    @Test("Compares literal segments after decoding them")
    func encodedLiteral() throws {
        #expect(
            try recognise(request("GET", "/2015-03-31/%66unctions/f/policy"), "lambda").qualifiedName
                == "lambda.GetPolicy"
        )
    }

    @Test("Takes a bearer URL's region, service and path")
    func bearer() throws {
        let path = "/_postern/aws/eu-west-1/stepfunctions/"
        let target = try #require(BearerTarget(parsing: path))
        let call = try recognise(
            request("POST", path, json("AWSStepFunctions.ListStateMachines", "1.0")),
            .bearer(region: target.region, service: target.service)
        )
        #expect(call.qualifiedName == "stepfunctions.ListStateMachines")
        #expect(call.target == "/")
    }

    @Test("Takes unsigned calls of the closed list only")
    func unsigned() throws {
        let entrance = Entrance.unsigned(region: "us-east-1")
        let web = Array("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=a".utf8)
        #expect(
            try recognise(request("POST", "/", form), entrance, body: web).qualifiedName
                == "sts.AssumeRoleWithWebIdentity"
        )
        let signUp = request("POST", "/", json("AWSCognitoIdentityProviderService.SignUp"))
        #expect(try recognise(signUp, entrance).qualifiedName == "cognito-idp.SignUp")
        let caller = Array("Action=GetCallerIdentity&Version=2011-06-15".utf8)
        #expect(throws: RecognitionError.signatureRequired("sts.GetCallerIdentity")) {
            try recognise(request("POST", "/", form), entrance, body: caller)
        }
        #expect(throws: RecognitionError.self) {
            try recognise(request("POST", "/", json("DynamoDB_20120810.GetItem", "1.0")), entrance)
        }
    }

    @Test("Reads prefixes glued to the site's first label, and refuses those of other operations")
    func hostPrefixes() throws {
        let headers = json("Logs_20140328.StartLiveTail")
        let prefix = try #require(try Catalogue.embedded().operation(named: "logs.StartLiveTail")).hostPrefix
        let call = try recognise(request("POST", "/", host: "\(prefix)gw.example.com", headers), "logs")
        #expect(call.receivedHostPrefix == prefix)
        #expect(throws: RecognitionError.conflict("the host prefix sync- does not belong to logs.StartLiveTail")) {
            try recognise(request("POST", "/", host: "sync-gw.example.com", headers), "logs")
        }
        #expect(throws: RecognitionError.unknownHost("logs.eu-west-1.amazonaws.com")) {
            try recognise(request("POST", "/", host: "logs.eu-west-1.amazonaws.com", headers), "logs")
        }
        #expect(throws: RecognitionError.unknownHost("evilgw.example.com")) {
            try recognise(request("POST", "/", host: "evilgw.example.com", headers), "logs")
        }
    }
}
