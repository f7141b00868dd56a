import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("S3 access points")
struct AccessPointTests {
    private static let account = "111122223333"

    private func call(
        _ target: String,
        host: String = "gw.example.com",
        service: String = "s3",
        listed: [String] = []
    ) throws -> RecognisedCall {
        let points = try listed.map { try S3AccessPoint(arn: $0) }
        let recogniser = Recogniser(
            catalogue: try Catalogue.embedded(),
            siteHosts: SiteHosts(["gw.example.com"], accessPoints: points)
        )
        let entrance = Entrance.signed(region: "eu-west-1", service: service)
        guard case .call(let call) = try recogniser.recognise(request("GET", target, host: host), entrance: entrance)
        else { throw RecognitionError.malformedBody("needs a body") }
        return call
    }

    private func needs(_ call: RecognisedCall) throws -> [String] {
        let catalogue = try Catalogue.embedded()
        let input = try catalogue.parse(call, request("GET", call.target), body: [])
        return catalogue.classify(call, input, account: Self.account).actions
            .map { "\($0.name) \($0.resources?.joined(separator: " ") ?? "?")" }
    }

    private func endpoint(_ call: RecognisedCall, _ options: EndpointOptions = []) throws -> UpstreamTarget {
        let catalogue = try Catalogue.embedded()
        let input = try catalogue.parse(call, request("GET", call.target), body: [])
        return try catalogue.endpoint(for: call, input: input, options: options)
    }

    static let arn = "arn:aws:s3:eu-west-1:444455556666:accesspoint/reports"
    static let host = "reports-444455556666.s3-accesspoint.eu-west-1.amazonaws.com"

    @Test(
        "Is known by its host or by its ARN in the path",
        arguments: [
            ("/a/b?versionId=1", "reports-444455556666.s3-accesspoint.gw.example.com", "/a/b?versionId=1"),
            ("/a/b", "reports-444455556666.s3-accesspoint.eu-west-1.gw.example.com", "/a/b"),
            ("/arn%3Aaws%3As3%3Aeu-west-1%3A444455556666%3Aaccesspoint%2Freports/a/b", "gw.example.com", "/a/b"),
            ("/arn:aws:s3:eu-west-1:444455556666:accesspoint%2freports/a/b", "gw.example.com", "/a/b"),
            ("/arn:aws:s3:eu-west-1:444455556666:accesspoint:reports/a/b", "gw.example.com", "/a/b"),
        ]
    )
    func known(_ target: String, _ host: String, _ sent: String) throws {
        let call = try call(target, host: host)
        #expect(call.s3?.bucket == Self.arn)
        #expect(call.s3?.keyText == "a/b")
        let upstream = try endpoint(call)
        #expect(upstream.host == Self.host)
        #expect(upstream.target == sent)
        #expect(upstream.signingName == "s3")
        let action = sent.contains("versionId") ? "s3:GetObjectVersion" : "s3:GetObject"
        #expect(try needs(call) == ["\(action) \(Self.arn)/object/a/b"])
    }

    @Test("Is the resource of calls on the whole of it")
    func listing() throws {
        let call = try call("/?list-type=2", host: "reports-444455556666.s3-accesspoint.gw.example.com")
        #expect(call.operation.name == "ListObjectsV2")
        #expect(try needs(call) == ["s3:ListBucket \(Self.arn)"])
        let path = try self.call("/arn:aws:s3:eu-west-1:444455556666:accesspoint%2Freports?list-type=2")
        #expect(try endpoint(path).target == "/?list-type=2")
    }

    @Test("Has a name that a bucket could have: it is the bucket's, unless the site lists the access point")
    func ambiguous() throws {
        let host = "reports-444455556666.gw.example.com"
        let bucket = try call("/a", host: host)
        #expect(bucket.s3?.bucket == "reports-444455556666")
        #expect(try endpoint(bucket).host == "reports-444455556666.s3.eu-west-1.amazonaws.com")
        #expect(try needs(bucket) == ["s3:GetObject arn:aws:s3:::reports-444455556666/a"])
        let point = try call("/a", host: host, listed: [Self.arn])
        #expect(point.s3?.bucket == Self.arn)
        #expect(try endpoint(point).host == Self.host)
        // One of another region, or of another name, is none of the list.
        for other in [Self.arn.replacing("eu-west-1", with: "us-east-1"), Self.arn + "2"] {
            #expect(try call("/a", host: host, listed: [other]).s3?.accessPoint == nil)
        }
    }

    @Test("Of Object Lambda has host, signing name and actions of its own")
    func objectLambda() throws {
        for host in ["masked-444455556666.gw.example.com", "masked-444455556666.s3-object-lambda.gw.example.com"] {
            let call = try call("/a", host: host, service: "s3-object-lambda")
            let upstream = try endpoint(call)
            #expect(upstream.host == "masked-444455556666.s3-object-lambda.eu-west-1.amazonaws.com")
            #expect(upstream.signingName == "s3-object-lambda")
            let arn = "arn:aws:s3-object-lambda:eu-west-1:444455556666:accesspoint/masked"
            #expect(try needs(call) == ["s3-object-lambda:GetObject \(arn)/object/a"])
            #expect(throws: EndpointError.noEndpoint(service: "s3-object-lambda", region: "eu-west-1")) {
                try endpoint(call, .dualStack)
            }
        }
    }

    @Test("Has FIPS and dual-stack hosts")
    func variants() throws {
        let call = try call("/a", host: "reports-444455556666.s3-accesspoint.gw.example.com")
        let name = "reports-444455556666"
        #expect(try endpoint(call, .fips).host == "\(name).s3-accesspoint-fips.eu-west-1.amazonaws.com")
        #expect(try endpoint(call, .dualStack).host == "\(name).s3-accesspoint.dualstack.eu-west-1.amazonaws.com")
    }

    @Test(
        "Is refused where signature and name do not fit",
        arguments: [
            ("/a", "reports-444455556666.s3-accesspoint.us-east-1.gw.example.com", "s3"),
            ("/a", "reports-444455556666.s3-accesspoint.gw.example.com", "s3-object-lambda"),
            ("/a", "reports-444455556666.s3-object-lambda.gw.example.com", "s3"),
            ("/arn:aws:s3:us-east-1:444455556666:accesspoint%2Freports/a", "gw.example.com", "s3"),
            ("/arn:aws-cn:s3:eu-west-1:444455556666:accesspoint%2Freports/a", "gw.example.com", "s3"),
            ("/arn:aws:s3-object-lambda:eu-west-1:444455556666:accesspoint%2Freports/a", "gw.example.com", "s3"),
        ]
    )
    func conflicts(_ target: String, _ host: String, _ service: String) {
        #expect { try call(target, host: host, service: service) } throws: { error in
            if case .conflict = error as? RecognitionError { true } else { false }
        }
    }

    @Test(
        "Is refused where the name is none",
        arguments: [
            ("/a", "reports.s3-accesspoint.gw.example.com"), ("/a", "-444455556666.s3-accesspoint.gw.example.com"),
            ("/a", "ab-444455556666.s3-accesspoint.gw.example.com"),
            ("/a", "reports-44445555666.s3-accesspoint.gw.example.com"),
            ("/a", "-reports-444455556666.s3-accesspoint.gw.example.com"),
            ("/arn:aws:s3:::bucket/a", "gw.example.com"), ("/arn:aws:s3/a", "gw.example.com"),
            ("/arn:aws:s3:eu-west-1:444455556666:accesspoint/reports/a", "gw.example.com"),
            ("/arn:aws:s3:eu-west-1:444455556666:accesspoint%2F/a", "gw.example.com"),
            ("/arn:aws:s3:eu-west-1:444455556666:accesspoint%2Fa%2Fb/a", "gw.example.com"),
            ("/arn:aws:s3:eu-west-1:444455556666:accesspoint%2FRe.ports/a", "gw.example.com"),
            ("/arn:aws:s3:eu-west-1:4444:accesspoint%2Freports/a", "gw.example.com"),
            ("/arn:aws:s3:eu-west-1:444455556666:bucket%2Freports/a", "gw.example.com"),
            ("/arn:aws:sqs:eu-west-1:444455556666:accesspoint%2Freports/a", "gw.example.com"),
        ]
    )
    func malformed(_ target: String, _ host: String) {
        #expect(throws: RecognitionError.self) { try call(target, host: host) }
    }

    @Test(
        "Of several regions or on Outposts is refused by name",
        arguments: [
            ("/arn:aws:s3::444455556666:accesspoint%2Fabc.mrap/a", "gw.example.com", "Multi-Region"),
            ("/a", "abc.mrap.accesspoint.s3-global.gw.example.com", "Multi-Region"),
            ("/a", "abc.mrap.gw.example.com", "Multi-Region"),
            (
                "/arn:aws:s3-outposts:eu-west-1:444455556666:outpost%2Fop-1%2Faccesspoint%2Freports/a",
                "gw.example.com", "Outposts"
            ),
            ("/a", "reports-444455556666.op-01ac5d28a6a232904.gw.example.com", "Outposts"),
            ("/a", "reports-444455556666.op-1.s3-outposts.eu-west-1.gw.example.com", "Outposts"),
        ]
    )
    func unsupported(_ target: String, _ host: String, _ name: String) {
        #expect { try call(target, host: host) } throws: { error in
            if case .unsupported(let text) = error as? RecognitionError { text.contains(name) } else { false }
        }
    }

    @Test("An alias of an access point, and a directory bucket's, stay a bucket's name")
    func aliases() throws {
        let alias = "reports-a1b2c3d4e5f6g7h8i9j0-s3alias"
        #expect(try call("/\(alias)/a").s3?.bucket == alias)
        #expect(try call("/a", host: "\(alias).gw.example.com").s3?.accessPoint == nil)
    }

    @Test("Object Lambda's own answers are still no bucket's")
    func answers() throws {
        let answer = request("POST", "/WriteGetObjectResponse", host: "route.gw.example.com")
        let call = try recognise(answer, .signed(region: "eu-west-1", service: "s3-object-lambda"))
        #expect(call.operation.name == "WriteGetObjectResponse")
    }
}
