import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("Input parsing")
struct ParsingTests {
    private func parse(_ request: HTTPRequest, _ service: String, _ body: String = "") throws -> ParsedInput {
        let call = try recognise(request, service, body: body)
        return try Catalogue.embedded().parse(call, request, body: Array(body.utf8))
    }

    @Test("Enters lists and maps by member paths")
    func paths() throws {
        let body = #"{"TableName":"t","Key":{"id":{"S":"1"}},"ExpressionAttributeNames":{"n":"b"}}"#
        let input = try parse(request("POST", "/", json("DynamoDB_20120810.GetItem", "1.0")), "dynamodb", body)
        #expect(input.text(at: "TableName") == "t")
        #expect(input.texts(at: "Key.id.S") == ["1"])
        #expect(input.texts(at: "ExpressionAttributeNames{}") == ["b"])
        #expect(input.texts(at: "Nothing.Here") == [])
    }

    @Test("Reads EC2's numbered keys under the model's names")
    func ec2() throws {
        let body =
            "Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MaxCount=1&MinCount=1"
            + "&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.2.Key=b&TagSpecification.1.Tag.1.Key=a+c"
            + "&SecurityGroupId.1=sg-1&SecurityGroupId.10=sg-10&SecurityGroupId.2=sg-2"
        let input = try parse(request("POST", "/", form), "ec2", body)
        #expect(input.texts(at: "TagSpecifications.Tags.Key") == ["a c", "b"])
        #expect(input.texts(at: "SecurityGroupIds") == ["sg-1", "sg-2", "sg-10"])
        #expect(input.text(at: "ImageId") == "ami-1")
    }

    @Test("Reads the query protocol's members and entries")
    func query() throws {
        let body =
            "Action=CreateStack&Version=2010-05-15&StackName=s&Parameters.member.1.ParameterKey=k"
            + "&Parameters.member.1.ParameterValue=v&Capabilities.member.1=CAPABILITY_IAM"
        let input = try parse(request("POST", "/", form), "cloudformation", body)
        #expect(input.texts(at: "Parameters.ParameterKey") == ["k"])
        #expect(input.texts(at: "Capabilities") == ["CAPABILITY_IAM"])
        let topic =
            "Action=CreateTopic&Version=2010-03-31&Name=n&Attributes.entry.1.key=Policy&Attributes.entry.1.value=p"
        #expect(try parse(request("POST", "/", form), "sns", topic).texts(at: "Attributes.Policy") == ["p"])
    }

    @Test("Joins labels, query, headers and body of REST requests")
    func rest() throws {
        let invoke = request(
            "POST",
            "/2015-03-31/functions/a%2Fb/invocations?Qualifier=live",
            [("X-Amz-Invocation-Type", "Event")]
        )
        let input = try parse(invoke, "lambda", "{}")
        #expect(input.text(at: "FunctionName") == "a/b")
        #expect(input.text(at: "Qualifier") == "live")
        #expect(input.text(at: "InvocationType") == "Event")
        let list = try parse(
            request("DELETE", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af?tagKeys=a&tagKeys=b"),
            "lambda"
        )
        #expect(list.texts(at: "TagKeys") == ["a", "b"])
    }

    @Test("Reads what a presigned URL overrides in the answer, so that policy can be about it")
    func overrides() throws {
        let get = request(
            "GET",
            "/bucket/key?response-content-disposition=attachment%3B%20filename%3Dx&response-expires=0"
        )
        let input = try Catalogue.embedded().parse(recognise(get, "s3"), get, body: [])
        #expect(input.text(at: "ResponseContentDisposition") == "attachment; filename=x")
        #expect(input.text(at: "ResponseExpires") == "0")
    }

    @Test("Reads S3's XML, headers and metadata")
    func s3() throws {
        let delete =
            #"<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key><VersionId>1</VersionId></Object></Delete>"#
        let input = try parse(request("POST", "/bucket?delete"), "s3", delete)
        #expect(input.texts(at: "Delete.Objects.Key") == ["a&b", "c"])
        #expect(input.text(at: "Bucket") == "bucket")
        let put = request(
            "PUT",
            "/bucket/k",
            [("x-amz-acl", "public-read"), ("x-amz-meta-a", "1"), ("x-amz-tagging", "x=y")]
        )
        let object = try parse(put, "s3")
        #expect(object.text(at: "ACL") == "public-read")
        #expect(object.texts(at: "Metadata.a") == ["1"])
        #expect(object.text(at: "Key") == "k")
        let presigned = try parse(request("PUT", "/bucket/k?x-amz-acl=private&X-Amz-Signature=0"), "s3")
        #expect(presigned.text(at: "ACL") == "private")
    }

    @Test("Reads CBOR under the model's names")
    func cbor() throws {
        let body: [UInt8] = [0xBF, 0x69] + Array("Namespace".utf8) + [0x63] + Array("App".utf8) + [0xFF]
        let put = request(
            "POST",
            "/service/GraniteServiceVersion20100801/operation/PutMetricData",
            [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")]
        )
        let call = try recognise(put, "monitoring")
        #expect(try Catalogue.embedded().parse(call, put, body: body).text(at: "Namespace") == "App")
    }

    @Test("Hides what the model marks as sensitive")
    func sensitive() throws {
        let body = #"{"Name":"n","SecretString":"s3cret","ClientRequestToken":"t"}"#
        let create = request("POST", "/", json("secretsmanager.CreateSecret"))
        let input = try parse(create, "secretsmanager", body)
        #expect(input.jsonText() == #"{"Name":"n","SecretString":"[sensitive]","ClientRequestToken":"t"}"#)
        let call = try recognise(create, "secretsmanager")
        let tokens = try Catalogue.embedded().idempotencyTokenMembers(call)
        #expect(tokens == ["ClientRequestToken"])
        #expect(input.canonicalText(without: tokens) == #"{"Name":"n","SecretString":"s3cret"}"#)
    }

    @Test("Gives the JSON of a renamed key its place", arguments: ["tablename", "TABLENAME", "tableName"])
    func lookalike(_ name: String) {
        #expect(throws: InputError.ambiguousName(name)) {
            try parse(
                request("POST", "/", json("DynamoDB_20120810.GetItem", "1.0")),
                "dynamodb",
                #"{"TableName":"t","\#(name)":"u"}"#
            )
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: HTTPRequest
        let service: String
        let body: String
        let error: InputError
    }

    static let refusals = [
        Case(
            testDescription: "a duplicate JSON key",
            request: request("POST", "/", json("AmazonSSM.GetParameter")),
            service: "ssm",
            body: #"{"Name":"a","Name":"b"}"#,
            error: .duplicate("Name")
        ),
        Case(
            testDescription: "JSON that is no object",
            request: request("POST", "/", json("AmazonSSM.GetParameter")),
            service: "ssm",
            body: "[]",
            error: .malformed(offset: 0)
        ),
        Case(
            testDescription: "a duplicate form parameter",
            request: request("POST", "/", form),
            service: "iam",
            body: "Action=GetUser&Version=2010-05-08&UserName=a&UserName=b",
            error: .duplicate("UserName")
        ),
        Case(
            testDescription: "a list entry twice",
            request: request("POST", "/", form),
            service: "ec2",
            body: "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=a&InstanceId.1=b",
            error: .duplicate("InstanceId.1")
        ),
        Case(
            testDescription: "a list entry with a second spelling of its number",
            request: request("POST", "/", form),
            service: "ec2",
            body: "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=a&InstanceId.01=b",
            error: .conflict("01")
        ),
        Case(
            testDescription: "a scalar with parts",
            request: request("POST", "/", form),
            service: "iam",
            body: "Action=GetUser&Version=2010-05-08&UserName=a&UserName.x=b",
            error: .conflict("x")
        ),
        Case(
            testDescription: "a body where the operation has none",
            request: request("GET", "/2015-03-31/functions/f"),
            service: "lambda",
            body: #"{"FunctionName":"g"}"#,
            error: .unexpectedBody
        ),
        Case(
            testDescription: "a form key that is a member's name in the model only",
            request: request("POST", "/", form),
            service: "ec2",
            body: "Action=DescribeInstances&Version=2016-11-15&InstanceIds.1=i-1",
            error: .ambiguousName("InstanceIds")
        ),
        Case(
            testDescription: "a form list under a wrapper that AWS does not read",
            request: request("POST", "/", form),
            service: "cloudformation",
            body: "Action=CreateStack&Version=2010-05-15&StackName=s&Capabilities.entry.1=CAPABILITY_IAM",
            error: .conflict("entry")
        ),
        Case(
            testDescription: "an XML element that is a member's name in the model only",
            request: request("POST", "/bucket?delete"),
            service: "s3",
            body: "<Delete><Objects><Key>a</Key></Objects></Delete>",
            error: .ambiguousName("Objects")
        ),
        Case(
            testDescription: "a body member that belongs into the query",
            request: request("POST", "/2015-03-31/functions/f/policy", [("content-type", "application/json")]),
            service: "lambda",
            body: #"{"StatementId":"s","Action":"a","Principal":"p","Qualifier":"live"}"#,
            error: .conflict("Qualifier")
        ),
        Case(
            testDescription: "a body member that the path has too",
            request: request("PUT", "/2015-03-31/functions/f/configuration", [("content-type", "application/json")]),
            service: "lambda",
            body: #"{"FunctionName":"g"}"#,
            error: .conflict("FunctionName")
        ),
        Case(
            testDescription: "XML with a document type",
            request: request("POST", "/bucket?delete"),
            service: "s3",
            body: "<!DOCTYPE a><Delete/>",
            error: .malformed(offset: 0)
        ),
        Case(
            testDescription: "XML with a member twice",
            request: request("PUT", "/bucket?versioning"),
            service: "s3",
            body:
                "<VersioningConfiguration><Status>Enabled</Status><Status>Suspended</Status></VersioningConfiguration>",
            error: .duplicate("Status")
        ),
        Case(
            testDescription: "JSON under a content type of another format",
            request: request("POST", "/2015-03-31/functions", [("content-type", "text/xml")]),
            service: "lambda",
            body: "{}",
            error: .contentType("text/xml")
        ),
        Case(
            testDescription: "an unknown content encoding",
            request: request("POST", "/", json("AmazonSSM.GetParameter") + [("content-encoding", "br")]),
            service: "ssm",
            body: "{}",
            error: .contentEncoding("br")
        ),
        Case(
            testDescription: "a body that is not the gzip it says",
            request: request("POST", "/", json("AmazonSSM.GetParameter") + [("content-encoding", "gzip")]),
            service: "ssm",
            body: "{}",
            error: .contentEncoding("gzip")
        ),
        Case(
            testDescription: "a plus sign in a query",
            request: request("GET", "/bucket?list-type=2&prefix=a+b"),
            service: "s3",
            body: "",
            error: .malformed(offset: 27)
        ),
        Case(
            testDescription: "a header twice",
            request: request("PUT", "/bucket/k", [("x-amz-acl", "private"), ("x-amz-acl", "public-read")]),
            service: "s3",
            body: "",
            error: .duplicate("x-amz-acl")
        ),
        Case(
            testDescription: "a header of a presigned URL that is also sent",
            request: request("PUT", "/bucket/k?x-amz-acl=public-read", [("x-amz-acl", "private")]),
            service: "s3",
            body: "",
            error: .duplicate("x-amz-acl")
        ),
    ]

    @Test("Refuses", arguments: refusals)
    func refuses(_ test: Case) {
        #expect(throws: test.error) { try parse(test.request, test.service, test.body) }
    }
}
