import HTTPTypes
import OpenSSL
import SigV4
import Testing

/// S3 on Outposts signs its endpoint calls like any service, without x-amz-content-sha256, though its name is S3's kind.
@Suite("Signatures for s3-outposts")
struct OutpostsTests {
    @Test("A request that states no hash of its body needs the body's")
    func absent() throws {
        let body = Array("{}".utf8)
        var request = try VerificationTests.signed(
            service: "s3-outposts",
            target: "/S3Outposts/CreateEndpoint",
            payload: .hash(SHA256.hash(body))
        )
        let stated = try name("x-amz-content-sha256")
        #expect(try S3Example.verify(request, body: body).claim.payload == .hash(SHA256.hash(body)))
        // What S3 must state may be left out here; it is then part of the signature all the same, and so no longer fits.
        request.headerFields[stated] = nil
        #expect(throws: SignatureError.self) { try S3Example.verify(request, body: body) }
    }

    @Test("The claim leaves the payload to be hashed, where S3's own names must state it")
    func claims() throws {
        for (service, isTaken) in [
            ("s3-outposts", true), ("s3", false), ("s3express", false), ("s3-object-lambda", false),
        ] {
            var request = HTTPRequest(method: .post, scheme: "https", authority: "gw.example.com", path: "/x")
            request.headerFields[.authorization] =
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/\(service)/aws4_request, "
                + "SignedHeaders=host;x-amz-date, Signature=\(String(repeating: "0", count: 64))"
            request.headerFields[try name("x-amz-date")] = "20150830T123600Z"
            if isTaken {
                #expect(try SignatureClaim.parse(request)?.payload == .absent)
            } else {
                #expect(throws: SignatureError.missingContentHash) { try SignatureClaim.parse(request) }
            }
        }
    }
}
