import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("Endpoints")
struct EndpointTests {
    private func endpoint(
        _ request: HTTPRequest,
        _ service: String,
        region: String = "eu-west-1",
        body: String = "",
        _ options: EndpointOptions = []
    ) throws -> UpstreamTarget {
        let call = try recognise(request, service, region: region, body: body)
        let catalogue = try Catalogue.embedded()
        let input = try catalogue.parse(call, request, body: Array(body.utf8))
        return try catalogue.endpoint(for: call, input: input, options: options)
    }

    @Test("Sends a global service to its region")
    func global() throws {
        let target = try endpoint(request("POST", "/", form), "iam", body: "Action=ListUsers&Version=2010-05-08")
        #expect(
            target
                == UpstreamTarget(
                    host: "iam.amazonaws.com",
                    target: "/",
                    signingName: "iam",
                    signingRegion: "us-east-1"
                )
        )
    }

    @Test(
        "Knows hosts that do not follow from the signing name",
        arguments: [
            (
                "POST", "/", json("SageMaker.ListModels"), "sagemaker", "eu-west-1",
                "api.sagemaker.eu-west-1.amazonaws.com"
            ),
            (
                "POST", "/", json("AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"), "ecr", "eu-west-1",
                "api.ecr.eu-west-1.amazonaws.com"
            ),
            ("POST", "/", json("AmazonSSM.GetParameter"), "ssm", "cn-north-1", "ssm.cn-north-1.amazonaws.com.cn"),
            ("POST", "/", json("AmazonSSM.GetParameter"), "ssm", "eusc-de-east-1", "ssm.eusc-de-east-1.amazonaws.eu"),
            ("POST", "/v2/email/list-identities", [], "ses", "eu-west-1", "email.eu-west-1.amazonaws.com"),
        ] as [(String, String, [(String, String)], String, String, String)]
    )
    func hosts(
        _ method: String,
        _ path: String,
        _ headers: [(String, String)],
        _ service: String,
        _ region: String,
        _ host: String
    )
        throws
    {
        #expect(try endpoint(request(method, path, headers), service, region: region).host == host)
    }

    @Test("Chooses FIPS and dual-stack by the site's options")
    func variants() throws {
        let get = request("POST", "/", json("AmazonSSM.GetParameter"))
        #expect(try endpoint(get, "ssm", region: "us-east-1", .fips).host == "ssm-fips.us-east-1.amazonaws.com")
        #expect(try endpoint(get, "ssm", region: "us-east-1", .dualStack).host == "ssm.us-east-1.api.aws")
        #expect(
            try endpoint(get, "ssm", region: "us-east-1", [.fips, .dualStack]).host == "ssm-fips.us-east-1.api.aws"
        )
    }

    @Test("Keeps the exact bytes of a path, and the addressing style of a bucket")
    func s3Paths() throws {
        let path = try endpoint(request("GET", "/bucket/a//b%2f../%7E?versionId=1"), "s3")
        #expect(path.host == "s3.eu-west-1.amazonaws.com")
        #expect(path.target == "/bucket/a//b%2f../%7E?versionId=1")
        let host = try endpoint(request("GET", "/a%20b", host: "bucket.gw.example.com"), "s3")
        #expect(host.host == "bucket.s3.eu-west-1.amazonaws.com")
        #expect(host.target == "/a%20b")
        let dotted = try endpoint(request("GET", "/a", host: "my.bucket.gw.example.com"), "s3")
        #expect(dotted.host == "s3.eu-west-1.amazonaws.com")
        #expect(dotted.target == "/my.bucket/a")
    }

    @Test("Sends directory buckets to their zone")
    func express() throws {
        let target = try endpoint(request("GET", "/b--euw1-az1--x-s3/key"), "s3express")
        #expect(target.host == "b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com")
        #expect(target.target == "/key")
        #expect(target.signingName == "s3express")
        let control = try endpoint(request("GET", "/b--euw1-az1--x-s3?policy"), "s3express")
        #expect(control.host == "s3express-control.eu-west-1.amazonaws.com")
        #expect(control.target == "/b--euw1-az1--x-s3?policy")
    }

    @Test("Adds host prefixes, constant or from a member")
    func hostPrefixes() throws {
        let tail = try endpoint(request("POST", "/", json("Logs_20140328.StartLiveTail")), "logs")
        #expect(
            tail.host.hasSuffix("-logs.eu-west-1.amazonaws.com") || tail.host.hasSuffix(".logs.eu-west-1.amazonaws.com")
                || tail.host.hasPrefix("stream")
        )
        let control = { (account: String) in
            request("GET", "/v20180820/configuration/publicAccessBlock", [("x-amz-account-id", account)])
        }
        #expect(
            try endpoint(control("111122223333"), "s3").host == "111122223333.s3-control.eu-west-1.amazonaws.com"
        )
        #expect(throws: EndpointError.hostLabel(member: "AccountId")) {
            try endpoint(control("evil.example.com/"), "s3")
        }
    }

    @Test("Puts the base path of maps in front, and signs health for us-east-1")
    func oddities() throws {
        let maps = try endpoint(request("GET", "/static/map?height=1&width=1"), "geo-maps")
        #expect(maps.target == "/v2/static/map?height=1&width=1")
        let health = try endpoint(request("POST", "/", json("AWSHealth_20160804.DescribeEvents")), "health")
        #expect(health.signingRegion == "us-east-1")
    }

    @Test("Sends to a customer's own endpoint only when told one, and to no foreign host")
    func customerEndpoints() throws {
        let catalogue = try Catalogue.embedded()
        let status = request("GET", "/status")
        let call = try recognise(status, "neptune-db")
        let input = try catalogue.parse(call, status, body: [])
        #expect(throws: EndpointError.customerEndpoint(service: "neptunedata")) {
            try catalogue.endpoint(for: call, input: input)
        }
        let host = "db.cluster-abc.eu-west-1.neptune.amazonaws.com"
        #expect(try catalogue.endpoint(for: call, input: input, customers: CustomerEndpoint(host: host)).host == host)
        for foreign in ["evil.example.com", "amazonaws.com", "evil.com/.amazonaws.com", "a.amazonaws.com.evil.com"] {
            #expect(throws: EndpointError.customerEndpoint(service: "neptunedata")) {
                try catalogue.endpoint(for: call, input: input, customers: CustomerEndpoint(host: foreign))
            }
        }
    }

    @Test("Refuses FIPS where the service has no such endpoint")
    func noVariant() throws {
        let catalogue = try Catalogue.embedded()
        let operation = try #require(catalogue.service(id: "agent-registry")?.operations.first)
        let region = try #require(catalogue.region(named: "us-east-1"))
        #expect(EndpointRow.find(for: operation, region: region, variant: []) != nil)
        #expect(EndpointRow.find(for: operation, region: region, variant: .fips) == nil)
    }
}
