import HTTPTypes
import Testing

@testable import AWSRequest

/// A small generator with a fixed seed, so that a failure can be seen again.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Recognition of hostile requests")
struct RecognitionFuzzTests {
    private static let pieces = [
        "/", "//", "..", "%2e", "%2F", "%00", "%", "?", "&", "=", "Action=ListUsers", "Version=2010-05-08", "acl",
        "uploadId=1", "list-type=2", "bucket", "v20180820", "2015-03-31/functions", "service/X/operation/Y", "_postern",
        "X-Amz-Credential=a", "x-amz-acl=private", "#", "+", "é", "arn:aws:s3:::b", "{Key+}", " ",
    ]
    private static let headers = [
        ("x-amz-target", "AmazonSSM.GetParameter"), ("x-amz-target", "."),
        ("content-type", "application/x-amz-json-1.1"),
        ("content-type", "application/x-www-form-urlencoded"), ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amz-account-id", "111122223333"), ("x-amz-copy-source", "a/b"), ("content-encoding", "gzip"),
    ]
    private static let bodies = [
        "", "{", "{}", "Action=ListUsers&Version=2010-05-08", "Action=&Version=", "a.b.c=1&a=2", "<a/>", "\u{0}",
        "Action=DescribeInstances&Version=2016-11-15&InstanceId.99999999999999999999=i",
    ]

    @Test("Ends in a call or an error, never in a trap", arguments: [1, 2, 3] as [UInt64])
    func random(_ seed: UInt64) throws {
        var random = Seeded(state: seed)
        let catalogue = try Catalogue.embedded()
        let recogniser = try recogniser()
        let services = ["s3", "iam", "ec2", "ssm", "lambda", "monitoring", "ses", "bedrock", "s3express", "apigateway"]
        let hosts = [
            "gw.example.com", "b.gw.example.com", "stream-gw.example.com", "[::1]:8443", "", ".gw.example.com",
        ]
        var calls = 0
        for _ in 0..<1_000 {
            let pieces = (0..<Int.random(in: 0...5, using: &random)).compactMap { _ in
                Self.pieces.randomElement(using: &random)
            }
            let fields = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in
                Self.headers.randomElement(using: &random)
            }
            let method = ["GET", "POST", "PUT", "DELETE", "HEAD", "BREW"].randomElement(using: &random) ?? "GET"
            let isPlain = Int.random(in: 0..<4, using: &random) > 0
            let host = isPlain ? hosts[0] : hosts.randomElement(using: &random) ?? ""
            let request = AWSRequestTests.request(method, "/" + pieces.joined(), host: host, fields)
            let service = services.randomElement(using: &random) ?? "s3"
            let isSigned = Int.random(in: 0..<8, using: &random) > 0
            let entrance: Entrance =
                isSigned ? .signed(region: "eu-west-1", service: service) : .unsigned(region: "eu-west-1")
            let body = Array((Self.bodies.randomElement(using: &random) ?? "").utf8)
            _ = WireProtocol.guess(from: request)
            guard let call = try? recogniser.recognise(request, entrance: entrance, body: body) else { continue }
            calls += 1
            for reading in call.readings {
                guard let input = try? catalogue.parse(reading, request, body: body) else { continue }
                #expect(!catalogue.classify(reading, input, account: "111122223333").actions.isEmpty)
                _ = try? catalogue.endpoint(for: reading, input: input)
                _ = input.jsonText()
            }
        }
        #expect(calls > 0)
    }
}
