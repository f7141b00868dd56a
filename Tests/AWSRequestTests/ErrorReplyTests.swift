import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("Error replies")
struct ErrorReplyTests {
    private func render(_ wireProtocol: WireProtocol, method: String = "POST", message: String = "No \"<way>\"")
        -> AWSErrorReply
    {
        AWSErrorReply.render(
            code: "AccessDenied",
            message: message,
            status: 403,
            requestID: "r1",
            for: wireProtocol,
            method: method
        )
    }

    @Test("Speak JSON with the type in body and header", arguments: [WireProtocol.json10, .json11, .restJSON])
    func speaksJSON(_ wireProtocol: WireProtocol) {
        let reply = render(wireProtocol)
        #expect(String(decoding: reply.body, as: UTF8.self) == #"{"__type":"AccessDenied","message":"No \"<way>\""}"#)
        #expect(reply.headers.contains { $0 == ("x-amzn-ErrorType", "AccessDenied") })
        #expect(reply.headers.contains { $0 == ("x-amzn-RequestId", "r1") })
    }

    @Test("Speak the XML of each protocol, with markup escaped")
    func xml() {
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        let message = "No &quot;&lt;way&gt;&quot;"
        #expect(
            String(decoding: render(.s3).body, as: UTF8.self)
                == head + "<Error><Code>AccessDenied</Code><Message>\(message)</Message><RequestId>r1</RequestId>"
                + "<HostId>r1</HostId></Error>"
        )
        #expect(
            String(decoding: render(.query).body, as: UTF8.self)
                == head
                + "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>\(message)</Message>"
                + "</Error><RequestId>r1</RequestId></ErrorResponse>"
        )
        #expect(
            String(decoding: render(.ec2).body, as: UTF8.self)
                == head
                + "<Response><Errors><Error><Code>AccessDenied</Code><Message>\(message)</Message></Error></Errors>"
                + "<RequestID>r1</RequestID></Response>"
        )
    }

    @Test("Drop control characters that XML cannot hold")
    func controls() {
        let text = String(decoding: render(.s3, message: "a\u{0}\u{1B}b").body, as: UTF8.self)
        #expect(text.contains("<Message>ab</Message>"))
    }

    @Test("Speak CBOR with the protocol header", arguments: [(10, 1), (23, 1), (24, 2), (300, 3), (70_000, 5)])
    func cbor(_ count: Int, _ head: Int) {
        let reply = render(.cbor, message: String(repeating: "x", count: count))
        #expect(reply.headers.contains { $0 == ("smithy-protocol", "rpc-v2-cbor") })
        #expect(reply.body.first == 0xA2)
        #expect(reply.body.count == 1 + 7 + 13 + 8 + head + count)
    }

    @Test("Send no body to HEAD, and Retry-After when asked")
    func headAndRetry() {
        #expect(render(.s3, method: "HEAD").body.isEmpty)
        let reply = AWSErrorReply.render(
            code: "ThrottlingException",
            message: "",
            status: 429,
            requestID: "r",
            for: .json11,
            method: "POST",
            retryAfter: 7
        )
        #expect(reply.headers.contains { $0 == ("Retry-After", "7") })
    }

    @Test(
        "Guess the protocol from the head",
        arguments: [
            (request("POST", "/", json("A.B", "1.0")), WireProtocol.json10),
            (request("POST", "/", json("A.B")), .json11),
            (request("POST", "/service/X/operation/Y", [("smithy-protocol", "rpc-v2-cbor")]), .cbor),
            (request("POST", "/", form), .query),
            (request("GET", "/?Action=ListUsers&Version=1"), .query),
            (request("POST", "/", form + scope("ec2")), .ec2),
            (request("GET", "/bucket/key", scope("s3")), .s3),
            (request("GET", "/bucket/key?X-Amz-Credential=A%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"), .s3),
            (request("GET", "/bucket/key?AWSAccessKeyId=A&Signature=b&Expires=1"), .s3),
            (request("GET", "/2013-04-01/hostedzone", scope("route53")), .restXML),
            (request("GET", "/2015-03-31/functions", scope("lambda")), .restJSON),
            (request("GET", "/_postern/aws/eu-west-1/s3/bucket"), .s3),
            (request("GET", "/"), .restJSON),
        ]
    )
    func guess(_ request: HTTPRequest, _ expected: WireProtocol) {
        #expect(WireProtocol.guess(from: request) == expected)
    }

}
