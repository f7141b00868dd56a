import AWSRequest
import HTTPTypes
import Identity
import Testing

@testable import Gateway

@Suite("Fields between agent and AWS")
struct FieldTests {
    @Test(
        "Nothing about the agent's way to the gateway reaches AWS",
        arguments: [
            "authorization", "x-amz-date", "x-amz-security-token", "x-forwarded-for", "x-forwarded-host", "forwarded",
            "via", "cookie", "x-postern-query", "x-postern-identity", "expect", "te", "connection", "x-amzn-trace-id",
            "content-length", "transfer-encoding", "x-http-method-override",
        ]
    )
    func dropsOutgoing(_ name: String) throws {
        var fields = HTTPFields()
        fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: "v"))
        #expect(OutgoingFields.passed(fields).map(\.name.canonicalName) == ["accept-encoding"])
    }

    @Test(
        "What says what is asked for reaches AWS",
        arguments: ["x-amz-target", "content-type", "range", "x-amz-meta-a_b"]
    )
    func keepsOutgoing(_ name: String) throws {
        var fields = HTTPFields()
        fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: "v"))
        #expect(OutgoingFields.passed(fields).contains { $0.name.canonicalName == name })
    }

    @Test("AWS's answer is asked for unencoded, whatever the agent takes")
    func asksForIdentity() {
        var fields = HTTPFields()
        fields[.acceptEncoding] = "gzip, br"
        #expect(OutgoingFields.passed(fields)[values: .acceptEncoding] == ["identity"])
    }

    @Test(
        "Nothing that nginx obeys or that is meant for one hop comes back",
        arguments: [
            "X-Accel-Redirect", "x-accel-limit-rate", "Status", "Set-Cookie", "Connection", "Transfer-Encoding",
            "Content-Length", "X-Postern-Identity", "Trailer",
        ]
    )
    func dropsIncoming(_ name: String) {
        #expect(!ResponseFields.mayPass(name))
    }

    @Test(
        "What SDKs read comes back",
        arguments: [
            "x-amzn-RequestId", "x-amz-id-2", "ETag", "x-amz-bucket-region", "Date", "x-amzn-query-error", "Location",
        ]
    )
    func keepsIncoming(_ name: String) {
        #expect(ResponseFields.mayPass(name))
    }
}

@Suite("Command line of a call")
struct CommandLineTests {
    @Test(
        "Writes operations as the AWS CLI does",
        arguments: [
            ("GetParameter", "get-parameter"), ("DescribeDBInstances", "describe-db-instances"),
            ("ListObjectsV2", "list-objects-v2"), ("CreateVpc", "create-vpc"), ("GetAPIKeys", "get-api-keys"),
            ("BatchGetSecretValue", "batch-get-secret-value"), ("CreateIPSet", "create-ip-set"),
        ]
    )
    func writesKebab(_ name: String, _ expected: String) {
        #expect(CommandLine.kebab(name) == expected)
    }
}

@Suite("Error codes by protocol")
struct RejectionTests {
    @Test("A denial has the code that each protocol's SDK knows")
    func namesDenial() {
        let denial = Rejection(.denied, status: 403, code: "AccessDenied", "no")
        #expect(denial.code(in: .json11) == "AccessDeniedException")
        #expect(denial.code(in: .restJSON) == "AccessDeniedException")
        #expect(denial.code(in: .cbor) == "AccessDeniedException")
        #expect(denial.code(in: .ec2) == "UnauthorizedOperation")
        #expect(denial.code(in: .s3) == "AccessDenied")
        #expect(denial.code(in: .query) == "AccessDenied")
    }

    @Test("A refusal that nobody can know is a 503, so that SDKs try again; all others are not retried")
    func choosesStatus() {
        #expect(Rejection(.session(.revocationsUnknown)).status == 503)
        #expect(Rejection(.session(.expired)).status == 403)
        #expect(Rejection(.credential(.awsAccessKey)).status == 403)
    }
}
