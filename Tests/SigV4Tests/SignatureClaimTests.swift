import HTTPTypes
import OpenSSL
import SigV4
import Testing

/// The example of the IAM documentation's Signature Version 4 pages, with AWS's documentation credentials.
private let scope = "20150830/us-east-1/iam/aws4_request"
private let credential = "AKIDEXAMPLE/\(scope)"
private let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
private let authorization =
    "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=content-type;host;x-amz-date, Signature=\(signature)"

private func request(
    authorization value: String?,
    target: String = "/?Action=ListUsers&Version=2010-05-08",
    headers: [(String, String)] = [("x-amz-date", "20150830T123600Z")]
) throws -> HTTPRequest {
    var fields = HTTPFields()
    for header in headers { fields.append(HTTPField(name: try name(header.0), value: header.1)) }
    if let value { fields.append(HTTPField(name: .authorization, value: value)) }
    return HTTPRequest(
        method: .get,
        scheme: "https",
        authority: "iam.amazonaws.com",
        path: target,
        headerFields: fields
    )
}

private func query(
    algorithm: String? = "AWS4-HMAC-SHA256",
    credential: String? = "AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fs3%2Faws4_request",
    date: String? = "20150830T123600Z",
    expires: String? = "900",
    names: String? = "host",
    signature: String? = signature,
    more: String = ""
) -> String {
    let parts = [
        ("X-Amz-Algorithm", algorithm), ("X-Amz-Credential", credential), ("X-Amz-Date", date),
        ("X-Amz-Expires", expires), ("X-Amz-SignedHeaders", names), ("X-Amz-Signature", signature),
    ]
    return "/b/k?" + parts.compactMap { key, value in value.map { "\(key)=\($0)" } }.joined(separator: "&") + more
}

@Suite("Signature claim in a header")
struct HeaderClaimTests {
    @Test("Reads every part")
    func reads() throws {
        let claim = try #require(try SignatureClaim.parse(request(authorization: authorization)))
        #expect(claim.form == .header)
        #expect(claim.accessKeyID == "AKIDEXAMPLE")
        #expect(claim.scope.description == scope)
        #expect(claim.signedHeaders == ["content-type", "host", "x-amz-date"])
        #expect(claim.time.description == "20150830T123600Z")
        #expect(claim.sessionToken == nil)
        #expect(claim.payload == .absent)
    }

    @Test(
        "Reads the parts in any order and spacing",
        arguments: [
            "AWS4-HMAC-SHA256 Credential=\(credential),SignedHeaders=host;x-amz-date,Signature=\(signature)",
            "AWS4-HMAC-SHA256   Signature=\(signature) ,  SignedHeaders=host;x-amz-date  , Credential=\(credential)",
        ]
    )
    func toleratesOrder(_ value: String) throws {
        let claim = try #require(try SignatureClaim.parse(request(authorization: value)))
        #expect(claim.accessKeyID == "AKIDEXAMPLE")
        #expect(claim.signedHeaders == ["host", "x-amz-date"])
    }

    @Test(
        "Takes a request without credentials, or with others than AWS's, as unsigned",
        arguments: [nil, "Bearer x", "Basic eDp5"]
    )
    func isUnsigned(_ value: String?) throws {
        #expect(try SignatureClaim.parse(request(authorization: value)) == nil)
    }

    @Test(
        "Refuses a malformed header by what is wrong with it",
        arguments: [
            ("AWS4-HMAC-SHA256", .malformedAuthorization("a part has no '='")),
            ("AWS4-HMAC-SHA256 ", .malformedAuthorization("a part has no '='")),
            ("AWS4-HMAC-SHA512 Credential=x", .malformedAuthorization("unknown algorithm")),
            ("aws4-hmac-sha256 Credential=x", .malformedAuthorization("unknown algorithm")),
            ("AWS4-ECDSA-P256-SHA256 Credential=x", .signatureVersion4A),
            ("AWS AKIDEXAMPLE:c2ln", .signatureVersion2),
            ("AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=host", .missingPart("Signature")),
            ("AWS4-HMAC-SHA256 Credential=\(credential), Signature=\(signature)", .missingPart("SignedHeaders")),
            ("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=\(signature)", .missingPart("Credential")),
            (authorization + ", Signature=\(signature)", .malformedAuthorization("a part occurs twice")),
            (authorization + ", Credential=\(credential)", .malformedAuthorization("a part occurs twice")),
            (authorization + ", SignedHeaders=host", .malformedAuthorization("a part occurs twice")),
            (authorization + ", Extra=1", .malformedAuthorization("unknown part")),
            (authorization + ",", .malformedAuthorization("a part has no '='")),
            (authorization + ", \(authorization)", .malformedAuthorization("unknown part")),
            (authorization.replacing("iam", with: ""), .malformedScope),
            (authorization.replacing("/aws4_request", with: ""), .malformedScope),
            (authorization.replacing("AKIDEXAMPLE/", with: ""), .malformedScope),
            (
                authorization.replacing("AKIDEXAMPLE", with: ""),
                .malformedAuthorization("the access key id is malformed")
            ),
            (
                authorization.replacing("AKIDEXAMPLE", with: "AK ID"),
                .malformedAuthorization("the access key id is malformed")
            ),
            (
                authorization.replacing("AKIDEXAMPLE", with: String(repeating: "A", count: 129)),
                .malformedAuthorization("the access key id is malformed")
            ),
            (authorization.replacing("20150830", with: "20150831"), .dateOutsideScope),
            (
                authorization.replacing("content-type", with: "Content-Type"),
                .malformedAuthorization("SignedHeaders must be lower-case header names")
            ),
            (
                authorization.replacing("content-type", with: ""),
                .malformedAuthorization("SignedHeaders must be lower-case header names")
            ),
            (
                authorization.replacing("content-type", with: "x y"),
                .malformedAuthorization("SignedHeaders must be lower-case header names")
            ),
            (
                authorization.replacing("content-type;host", with: "host;content-type"),
                .malformedAuthorization("SignedHeaders must be sorted, each name once")
            ),
            (
                authorization.replacing("content-type;host", with: "host;host"),
                .malformedAuthorization("SignedHeaders must be sorted, each name once")
            ),
            (authorization.replacing("content-type;host;", with: "content-type;"), .headersNotSigned(["host"])),
        ] as [(String, SignatureError)]
    )
    func refuses(_ value: String, _ error: SignatureError) throws {
        let request = try request(authorization: value)
        #expect(throws: error) { try SignatureClaim.parse(request) }
    }

    @Test(
        "Refuses a signature that is not 64 lower-case digits",
        arguments: [
            "", "0", String(signature.dropLast()), signature + "0", signature.uppercased(),
            String(signature.dropLast()) + "g", String(signature.dropLast(2)) + "%35",
        ]
    )
    func refusesSignature(_ text: String) throws {
        let request = try request(authorization: authorization.replacing(signature, with: text))
        #expect(throws: SignatureError.malformedAuthorization("the signature must be 64 lower-case hexadecimal digits"))
        {
            try SignatureClaim.parse(request)
        }
    }

    @Test("Refuses more signed headers than its limit")
    func boundsSignedHeaders() throws {
        let names = (0..<256).map { "a\($0 + 1000)" }.joined(separator: ";") + ";host"
        let request = try request(authorization: authorization.replacing("content-type;host;x-amz-date", with: names))
        #expect(throws: SignatureError.malformedAuthorization("too many SignedHeaders")) {
            try SignatureClaim.parse(request)
        }
    }

    @Test(
        "Refuses a date that is missing or cannot be read, as a 403",
        arguments: [
            [], [("x-amz-date", "")], [("x-amz-date", "yesterday")], [("x-amz-date", "2015-08-30T12:36:00Z")],
            [("date", "Sun, 30 Aug 2015 12:36:00 CET")], [("date", "Sunday, 30-Aug-15 12:36:00 GMT")],
            [("x-amz-date", "x"), ("date", "20150830T123600Z")],
        ] as [[(String, String)]]
    )
    func refusesDate(_ headers: [(String, String)]) throws {
        let request = try request(authorization: authorization, headers: headers)
        #expect(throws: SignatureError.malformedDate) { try SignatureClaim.parse(request) }
        #expect(SignatureError.malformedDate.status == 403)
    }

    @Test("Falls back to Date in both of its forms", arguments: ["20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT"])
    func readsDate(_ value: String) throws {
        let claim = try SignatureClaim.parse(request(authorization: authorization, headers: [("date", value)]))
        #expect(claim?.time.description == "20150830T123600Z")
    }

    @Test(
        "Refuses a credential header that comes twice",
        arguments: ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "date"]
    )
    func refusesDuplicates(_ header: String) throws {
        var request = try request(authorization: authorization)
        let field = HTTPField(name: try name(header), value: "20150830T123600Z")
        request.headerFields.append(field)
        request.headerFields.append(field)
        let twice = request
        #expect(throws: SignatureError.duplicateHeader(header)) { try SignatureClaim.parse(twice) }
    }

    @Test("Refuses credentials in header and query at once", arguments: [authorization, "Bearer x"])
    func refusesBoth(_ value: String) throws {
        for target in [query(), "/?X-Amz-Signature=x", "/?X-Amz-Security-Token=x", "/?X-Amz-Credential="] {
            let request = try request(authorization: value, target: target)
            #expect(throws: SignatureError.conflictingCredentials) { try SignatureClaim.parse(request) }
        }
    }

    @Test("Needs the content hash of S3's requests")
    func needsContentHash() throws {
        let request = try request(authorization: authorization.replacing("iam", with: "s3"))
        #expect(throws: SignatureError.missingContentHash) { try SignatureClaim.parse(request) }
    }

    @Test(
        "Reads each payload mode",
        arguments: [
            ("UNSIGNED-PAYLOAD", .unsignedPayload),
            ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", .streamingUnsignedTrailer),
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", .streamingSigned(trailer: false)),
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", .streamingSigned(trailer: true)),
            (SHA256.ofNothing.hex, .hash(SHA256.ofNothing)),
        ] as [(String, PayloadMode)]
    )
    func readsPayload(_ value: String, _ mode: PayloadMode) throws {
        let headers = [("x-amz-date", "20150830T123600Z"), ("x-amz-content-sha256", value)]
        #expect(try SignatureClaim.parse(request(authorization: authorization, headers: headers))?.payload == mode)
    }

    @Test("Refuses a client's stream of events by name")
    func refusesEvents() {
        #expect(throws: SignatureError.eventStreamRefused) {
            try SignatureClaim.parse(
                request(
                    authorization: authorization,
                    headers: [
                        ("x-amz-date", "20150830T123600Z"),
                        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-EVENTS"),
                    ]
                )
            )
        }
    }

    @Test(
        "Refuses every other payload mode",
        arguments: [
            "", "unsigned-payload", "UNSIGNED-PAYLOAD ,", "STREAMING-UNSIGNED-PAYLOAD", "STREAMING-",
            "required", SHA256.ofNothing.hex.uppercased(),
            String(SHA256.ofNothing.hex.dropLast()), SHA256.ofNothing.hex + "0",
        ]
    )
    func refusesPayload(_ value: String) throws {
        let headers = [("x-amz-date", "20150830T123600Z"), ("x-amz-content-sha256", value)]
        let request = try request(authorization: authorization, headers: headers)
        #expect(throws: SignatureError.malformedContentHash) { try SignatureClaim.parse(request) }
    }

    @Test("Refuses chunks that are signed with version 4A by name")
    func refusesAsymmetricChunks() throws {
        let headers = [
            ("x-amz-date", "20150830T123600Z"), ("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"),
        ]
        let request = try request(authorization: authorization, headers: headers)
        #expect(throws: SignatureError.signatureVersion4A) { try SignatureClaim.parse(request) }
    }

    @Test("Refuses a browser's upload by form by name")
    func refusesForm() throws {
        var request = try request(authorization: nil)
        request.method = .post
        request.headerFields[.contentType] = "Multipart/Form-Data; boundary=x"
        let upload = request
        #expect(throws: SignatureError.formUploadRefused) { try SignatureClaim.parse(upload) }
    }

    @Test("Refuses a target that is no path", arguments: ["", "*", "k", "https://host/k", "?a=b"])
    func refusesTarget(_ target: String) throws {
        let request = try request(authorization: authorization, target: target)
        #expect(throws: SignatureError.malformedTarget) { try SignatureClaim.parse(request) }
    }

    @Test("Takes the session token of S3 Express from its own header")
    func readsExpressToken() throws {
        let headers = [
            ("x-amz-date", "20150830T123600Z"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            ("x-amz-s3session-token", "express"),
        ]
        let express = authorization.replacing("iam", with: "s3express")
        #expect(try SignatureClaim.parse(request(authorization: express, headers: headers))?.sessionToken == "express")
        #expect(try SignatureClaim.parse(request(authorization: authorization, headers: headers))?.sessionToken == nil)
        let both = try request(authorization: express, headers: headers + [("x-amz-security-token", "other")])
        #expect(throws: SignatureError.conflictingCredentials) { try SignatureClaim.parse(both) }
    }
}

@Suite("Signature claim in a presigned URL")
struct PresignedClaimTests {
    @Test("Reads every part")
    func reads() throws {
        let target = query(
            names: "host%3Bx-amz-meta-a",
            more: "&X-Amz-Security-Token=a%2Bb%2F%3D%3D&response-expires=x"
        )
        let claim = try #require(try SignatureClaim.parse(request(authorization: nil, target: target, headers: [])))
        #expect(claim.form == .presigned(expires: 900))
        #expect(claim.accessKeyID == "AKIDEXAMPLE")
        #expect(claim.scope.description == "20150830/us-east-1/s3/aws4_request")
        #expect(claim.signedHeaders == ["host", "x-amz-meta-a"])
        #expect(claim.sessionToken == "a+b/==")
        #expect(claim.payload == .unsignedPayload)
    }

    @Test(
        "Refuses a URL by what is missing or malformed",
        arguments: [
            (query(algorithm: nil), .missingPart("X-Amz-Algorithm")),
            (query(credential: nil), .missingPart("X-Amz-Credential")),
            (query(date: nil), .missingPart("X-Amz-Date")),
            (query(expires: nil), .missingPart("X-Amz-Expires")),
            (query(names: nil), .missingPart("X-Amz-SignedHeaders")),
            (query(signature: nil), .missingPart("X-Amz-Signature")),
            (query(algorithm: "AWS4-ECDSA-P256-SHA256"), .signatureVersion4A),
            (query(more: "&X-Amz-Region-Set=*"), .signatureVersion4A),
            (query(algorithm: "AWS4-HMAC-SHA1"), .malformedPresignedURL("unknown X-Amz-Algorithm")),
            (query(expires: "0"), .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")),
            (query(expires: "604801"), .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")),
            (query(expires: "-1"), .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")),
            (query(expires: "%2B9"), .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")),
            (query(expires: "9e2"), .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")),
            (query(expires: ""), .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")),
            (query(expires: "0000900"), .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")),
            (query(date: "today"), .malformedDate),
            (query(date: "20150831T000000Z"), .dateOutsideScope),
            (query(credential: "AKIDEXAMPLE"), .malformedScope),
            (query(names: "x-amz-date"), .headersNotSigned(["host"])),
            (query(more: "&X-Amz-Date=20150830T123600Z"), .malformedPresignedURL("a parameter occurs twice")),
            (query(more: "&X-Amz%2DSignature=\(signature)"), .malformedPresignedURL("a parameter occurs twice")),
            (
                query(more: "&x-amz-signature=\(signature)"),
                .malformedPresignedURL("x-amz-signature is not spelled as AWS spells it")
            ),
            (query(more: "&X-Amz-%ZZ=1"), .malformedTarget),
            (query(credential: "AKID%2"), .malformedPresignedURL("a value is not encoded")),
            (query(more: "&X-Amz-Content-Sha256=STREAMING-UNSIGNED-PAYLOAD-TRAILER"), .chunksRefused),
            (query(more: "&X-Amz-Content-Sha256=STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), .chunksRefused),
            (query(more: "&X-Amz-Content-Sha256=x"), .malformedContentHash),
            ("/b/k?AWSAccessKeyId=AKIDEXAMPLE&Signature=c2ln&Expires=1", .signatureVersion2),
            ("/b/k?%41WSAccessKeyId=AKIDEXAMPLE&Expires=1&Signature=c2ln", .signatureVersion2),
        ] as [(String, SignatureError)]
    )
    func refuses(_ target: String, _ error: SignatureError) throws {
        let request = try request(authorization: nil, target: target, headers: [])
        #expect(throws: error) { try SignatureClaim.parse(request) }
    }

    @Test("Refuses a second token or another content hash in a header")
    func refusesConflicts() throws {
        let token = try request(
            authorization: nil,
            target: query(more: "&X-Amz-Security-Token=a"),
            headers: [("x-amz-security-token", "b")]
        )
        let hash = try request(
            authorization: nil,
            target: query(more: "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"),
            headers: [("x-amz-content-sha256", SHA256.ofNothing.hex)]
        )
        for request in [token, hash] {
            #expect(throws: SignatureError.conflictingCredentials) { try SignatureClaim.parse(request) }
        }
    }

    @Test("Says what to set instead of Signature Version 2")
    func hints() {
        #expect(SignatureError.signatureVersion2.message.contains("s3v4"))
        #expect(SignatureError.signatureVersion2.message.contains("signature_version"))
        #expect(SignatureError.signatureVersion4A.message.contains("AWS4-ECDSA-P256-SHA256"))
    }
}
