import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("Presigned URLs inside a body")
struct EmbeddedPresignedURLTests {
    private func embedded(_ url: String, action: String = "CopySnapshot") throws -> EmbeddedPresignedURL? {
        let body =
            "Action=\(action)&Version=2016-11-15&SourceRegion=us-east-1&SourceSnapshotId=snap-1&PresignedUrl="
            + String(decoding: Percent.encode(url), as: UTF8.self)
        let outer = request("POST", "/", form)
        let call = try recognise(outer, "ec2", body: body)
        let input = try Catalogue.embedded().parse(call, outer, body: Array(body.utf8))
        return try EmbeddedPresignedURL(in: call, input)
    }

    private let url =
        "https://gw.example.com/?Action=CopySnapshot&Version=2016-11-15&SourceSnapshotId=snap-1"
        + "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fec2%2Faws4_request"
        + "&X-Amz-Signature=0"

    @Test("Is a call of its own in the source region")
    func isACall() throws {
        let found = try #require(try embedded(url))
        #expect(found.entrance == .signed(region: "us-east-1", service: "ec2"))
        let call = try recognise(found.request, found.entrance)
        #expect(call.qualifiedName == "ec2.CopySnapshot")
        #expect(call.region == "us-east-1")
    }

    @Test("Gives way to another URL, and nothing else changes")
    func replaces() throws {
        let found = try #require(try embedded(url))
        let body = Array("Action=CopySnapshot&PresignedUrl=old&a=%20b+c&".utf8)
        let changed = found.replacing(with: "https://ec2/?a=b", in: body)
        #expect(
            changed.map { String(decoding: $0, as: UTF8.self) }
                == "Action=CopySnapshot&PresignedUrl=https%3A%2F%2Fec2%2F%3Fa%3Db&a=%20b+c&"
        )
        #expect(found.replacing(with: "x", in: Array("a=b".utf8)) == nil)
        #expect(found.replacing(with: "x", in: Array("PresignedUrl=a&%50resignedUrl=b".utf8)) == nil)
    }

    @Test(
        "Is refused when it is not an https URL with a credential",
        arguments: [
            "http://gw.example.com/?X-Amz-Credential=A/20260101/us-east-1/ec2/aws4_request", "https:///?a=b",
            "https://gw.example.com/?a=b", "https://u@gw.example.com/?X-Amz-Credential=A/1/us-east-1/ec2/aws4_request",
            "https://gw.example.com/?X-Amz-Credential=A/1/us-east-1/ec2", "file:///etc/passwd",
            "https://gw.example.com/?X-Amz-Credential=A/1/r/s/aws4_request&X-Amz-Credential=A/1/r/s/aws4_request",
        ]
    )
    func refuses(_ url: String) {
        #expect(throws: InputError.self) { try embedded(url) }
    }

    @Test("Is not looked for in other calls")
    func others() throws {
        let get = request("GET", "/bucket/key")
        let call = try recognise(get, "s3")
        #expect(try EmbeddedPresignedURL(in: call, Catalogue.embedded().parse(call, get, body: [])) == nil)
    }
}
