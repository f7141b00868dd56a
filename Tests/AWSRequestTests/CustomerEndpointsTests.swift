import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("Customers' own endpoints")
struct CustomerEndpointsTests {
    private static let cluster = "db.cluster-abc.eu-west-1.neptune.amazonaws.com"
    private static let stage = "abc123.execute-api.eu-west-1.amazonaws.com"

    private func endpoints(_ entries: [(String, String)]) throws -> CustomerEndpoints {
        var endpoints = CustomerEndpoints()
        let catalogue = try Catalogue.embedded()
        for (service, text) in entries { try endpoints.add(text, service: service, in: catalogue) }
        return endpoints
    }

    private var usual: [(String, String)] {
        [
            ("neptunedata", Self.cluster), ("apigatewaymanagementapi", Self.stage + "/prod"),
            ("apigatewaymanagementapi", Self.stage + "/prod/v2"),
            ("kinesis-video-media", "*.kinesisvideo.eu-west-1.amazonaws.com"),
        ]
    }

    private func status(region: String = "eu-west-1") throws -> RecognisedCall {
        try recognise(request("GET", "/status"), "neptune-db", region: region)
    }

    @Test("A call without a name goes to the single one of its service and region")
    func single() throws {
        let call = try status()
        let found = try endpoints(usual).endpoint(for: call, named: nil)
        #expect(found == CustomerEndpoint(host: Self.cluster))
        let catalogue = try Catalogue.embedded()
        let input = try catalogue.parse(call, request("GET", "/status"), body: [])
        let target = try catalogue.endpoint(for: call, input: input, customers: found)
        #expect(target.host == Self.cluster && target.target == "/status" && target.signingName == "neptune-db")
    }

    @Test("A call without a name is refused where there is none, several, or none of its region")
    func notSingle() throws {
        let refused = EndpointError.customerEndpoint(service: "neptunedata")
        #expect(throws: refused) { try endpoints([]).endpoint(for: status(), named: nil) }
        #expect(throws: refused) { try endpoints(usual).endpoint(for: status(region: "us-east-1"), named: nil) }
        let two = usual + [("neptunedata", "db2.cluster-abc.eu-west-1.neptune.amazonaws.com")]
        #expect(throws: refused) { try endpoints(two).endpoint(for: status(), named: nil) }
        let wide = [("neptunedata", "*.cluster-abc.eu-west-1.neptune.amazonaws.com")]
        #expect(throws: refused) { try endpoints(wide).endpoint(for: status(), named: nil) }
    }

    @Test("A service with an endpoint of AWS's has none")
    func ordinary() throws {
        let call = try recognise(request("GET", "/bucket/key"), "s3")
        #expect(try endpoints(usual).endpoint(for: call, named: nil) == nil)
        let query = try recognise(request("POST", "/", json("Timestream_20181101.Query", "1.0")), "timestream")
        #expect(try endpoints(usual).endpoint(for: query, named: nil) == nil)
        #expect(throws: EndpointError.foreignEndpoint(Self.cluster)) {
            try endpoints(usual).endpoint(for: call, named: CustomerEndpoint(host: Self.cluster))
        }
    }

    @Test(
        "A path names one, which is taken off it",
        arguments: [
            ("\(cluster)/status?a=b", cluster, "", "/status?a=b"), ("\(cluster)", cluster, "", "/"),
            ("\(cluster)?a", cluster, "", "/?a"), ("\(stage)/prod/@connections/x", stage, "/prod", "/@connections/x"),
            ("\(stage)/prod/v2/@connections/x", stage, "/prod/v2", "/@connections/x"),
            (
                "b-1.kinesisvideo.eu-west-1.amazonaws.com/getMedia", "b-1.kinesisvideo.eu-west-1.amazonaws.com", "",
                "/getMedia"
            ),
        ]
    )
    func named(_ path: String, _ host: String, _ base: String, _ target: String) throws {
        let named = try #require(try endpoints(usual).named(in: "/_postern/endpoint/\(path)"))
        #expect(named.endpoint == CustomerEndpoint(host: host, basePath: base))
        #expect(named.target == target)
    }

    @Test(
        "A path that names another is refused",
        arguments: [
            "evil.example.com/x", "\(cluster).evil.com/x", "x.\(cluster)/x", "/x", "", "\(cluster):443/x",
            "\(cluster)%2F/x", "a@\(cluster)/x", "a.b.kinesisvideo.eu-west-1.amazonaws.com/x",
            ".kinesisvideo.eu-west-1.amazonaws.com/x", "kinesisvideo.eu-west-1.amazonaws.com/x",
            "\(stage)/test/@connections/x", "\(stage)/production/@connections/x", "\(stage)/@connections/x",
        ]
    )
    func foreign(_ path: String) {
        #expect(throws: EndpointError.self) { try endpoints(usual).named(in: "/_postern/endpoint/\(path)") }
    }

    @Test(
        "Another path names none",
        arguments: ["/", "/_postern/aws/x", "/bucket/_postern/endpoint/x", "/_postern/endpoint"]
    )
    func none(_ path: String) throws {
        #expect(try endpoints(usual).named(in: path) == nil)
    }

    @Test("A named one must be of the call's service and region")
    func fits() throws {
        let all = try endpoints(usual + [("neptunedata", "db.cluster-x.us-east-1.neptune.amazonaws.com")])
        #expect(try all.endpoint(for: status(), named: CustomerEndpoint(host: Self.cluster))?.host == Self.cluster)
        for host in [
            Self.stage, "b-1.kinesisvideo.eu-west-1.amazonaws.com", "db.cluster-x.us-east-1.neptune.amazonaws.com",
        ] {
            #expect(throws: EndpointError.foreignEndpoint(host)) {
                try all.endpoint(for: status(), named: CustomerEndpoint(host: host))
            }
        }
        #expect(throws: EndpointError.foreignEndpoint(Self.cluster)) {
            try all.endpoint(for: status(), named: CustomerEndpoint(host: Self.cluster, basePath: "/prod"))
        }
    }

    @Test("A pattern says what is wrong with it")
    func mistakes() {
        let cases: [(String, String, CustomerEndpointMistake)] = [
            ("nothing", Self.cluster, .unknownService("nothing")), ("s3", Self.cluster, .ordinaryService("s3")),
            ("timestream-write", Self.cluster, .ordinaryService("timestream-write")),
            ("neptunedata", "*.eu-west-1.amazonaws.com", .host("*.eu-west-1.amazonaws.com")),
            ("neptunedata", "localhost", .host("localhost")), ("neptunedata", "", .host("")),
            ("neptunedata", Self.cluster + "/a//b", .basePath(Self.cluster + "/a//b")),
        ]
        for (service, text, mistake) in cases {
            #expect(throws: mistake) { try endpoints([(service, text)]) }
        }
    }
}

@Suite("Readings")
struct ReadingTests {
    @Test("A call that is one operation has no others")
    func one() throws {
        let get = request("GET", "/bucket/key")
        #expect(try Catalogue.embedded().otherReadings(of: recognise(get, "s3"), get, body: []).isEmpty)
    }

    @Test("Each operation that a request could mean has the input as it reads it")
    func twins() throws {
        let body = Array("Action=DeleteDBCluster&Version=2014-10-31&DBClusterIdentifier=main".utf8)
        let post = request("POST", "/", form)
        let call = try recognise(post, .signed(region: "eu-west-1", service: "rds"), body: body)
        try #require(call.candidates.count > 1)
        let others = try Catalogue.embedded().otherReadings(of: call, post, body: body)
        #expect(others.count == call.candidates.count - 1)
        #expect(others.allSatisfy { $0.call.candidates.count == 1 && $0.call.operation != call.operation })
        #expect(others.allSatisfy { $0.input.text(at: "DBClusterIdentifier") == "main" })
    }

    @Test("A request that one of them cannot read is refused")
    func unreadable() throws {
        let body = Array("Action=DeleteDBCluster&Version=2014-10-31&DBClusterIdentifier=main".utf8)
        let post = request("POST", "/", form)
        let call = try recognise(post, .signed(region: "eu-west-1", service: "rds"), body: body)
        #expect(throws: InputError.self) {
            try Catalogue.embedded().otherReadings(
                of: call,
                post,
                body: body + Array("&DBClusterIdentifier=other".utf8)
            )
        }
    }
}
