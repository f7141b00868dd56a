import HTTPTypes
import OpenSSL
import SigV4
import Testing

/// The examples of the S3 API reference: "Signature Calculations for the Authorization Header" and "Authenticating
/// Requests: Using Query Parameters".
enum S3Example {
    static let credential = Credential(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secret: SecretBytes(utf8: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    )
    static let time = SigningTime(secondsSince1970: 1_369_353_600)
    static let host = "examplebucket.s3.amazonaws.com"

    static func request(
        _ method: HTTPRequest.Method,
        _ target: String,
        headers: [(String, String)] = [],
        signed: String,
        signature: String,
        payload: String = SHA256.ofNothing.hex,
        host: String = host
    ) throws -> HTTPRequest {
        var fields = HTTPFields()
        for header in headers { fields.append(HTTPField(name: try name(header.0), value: header.1)) }
        fields.append(HTTPField(name: try name("X-Amz-Content-Sha256"), value: payload))
        fields.append(HTTPField(name: try name("X-Amz-Date"), value: "20130524T000000Z"))
        fields.append(
            HTTPField(
                name: .authorization,
                value: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                    + "SignedHeaders=\(signed),Signature=\(signature)"
            )
        )
        return HTTPRequest(method: method, scheme: "https", authority: host, path: target, headerFields: fields)
    }

    static func verify(
        _ request: HTTPRequest,
        body: [UInt8]? = [],
        now: SigningTime = time
    ) throws -> VerifiedSignature {
        let claim = try #require(try SignatureClaim.parse(request))
        return try claim.verify(secret: credential.secret, bodyHash: body.map { SHA256.hash($0) }, now: now)
    }
}

@Suite("Signature verification")
struct VerificationTests {
    static let range: [(String, String)] = [("Range", "bytes=0-9")]
    static let rangeSigned = "host;range;x-amz-content-sha256;x-amz-date"
    static let rangeSignature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"

    static func getObject() throws -> HTTPRequest {
        try S3Example.request(.get, "/test.txt", headers: range, signed: rangeSigned, signature: rangeSignature)
    }

    /// A request signed by the module itself, so that its headers can be chosen.
    static func signed(
        service: String = "ssm",
        method: HTTPRequest.Method = .post,
        target: String = "/",
        payload: PayloadMode = .hash(SHA256.ofNothing),
        headers: [(String, String)] = []
    ) throws -> HTTPRequest {
        var fields = HTTPFields()
        for header in headers { fields.append(HTTPField(name: try name(header.0), value: header.1)) }
        var request = HTTPRequest(
            method: method,
            scheme: "https",
            authority: "gateway.example.com",
            path: target,
            headerFields: fields
        )
        try RequestSigner().sign(
            &request,
            with: S3Example.credential,
            region: "us-east-1",
            service: service,
            payload: payload,
            now: S3Example.time
        )
        return request
    }

    @Test("Agrees with the examples of the S3 reference")
    func agreesWithS3() throws {
        #expect(try S3Example.verify(VerificationTests.getObject()).body == .verified)
        let body = Array("Welcome to Amazon S3.".utf8)
        let put = try S3Example.request(
            .put,
            "/test%24file.text",
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            payload: SHA256.hash(body).hex
        )
        #expect(try S3Example.verify(put, body: body).body == .verified)
        #expect(try S3Example.verify(put, body: nil).body == .mustHash(to: SHA256.hash(body)))
        let lifecycle = try S3Example.request(
            .get,
            "/?lifecycle",
            signed: "host;x-amz-content-sha256;x-amz-date",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        )
        #expect(try S3Example.verify(lifecycle).claim.scope.service == "s3")
        let list = try S3Example.request(
            .get,
            "/?max-keys=2&prefix=J",
            signed: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
        #expect(try S3Example.verify(list).claim.accessKeyID == "AKIAIOSFODNN7EXAMPLE")
    }

    @Test("Takes a bare dollar sign in the target for the encoded one, as S3 does")
    func recodes() throws {
        let body = Array("Welcome to Amazon S3.".utf8)
        let put = try S3Example.request(
            .put,
            "/test$file.text",
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            payload: SHA256.hash(body).hex
        )
        #expect(try S3Example.verify(put, body: body).body == .verified)
        let list = try S3Example.request(
            .get,
            "/?prefix=%4A&max-keys=2",
            signed: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
        #expect(try S3Example.verify(list).body == .verified)
    }

    @Test("Refuses a signature of which any one digit is changed")
    func refusesForgery() throws {
        let digits = Array(VerificationTests.rangeSignature)
        for index in digits.indices {
            var forged = digits
            forged[index] = forged[index] == "0" ? "1" : "0"
            let request = try S3Example.request(
                .get,
                "/test.txt",
                headers: VerificationTests.range,
                signed: VerificationTests.rangeSigned,
                signature: String(forged)
            )
            #expect(throws: SignatureError.signatureMismatch(host: S3Example.host)) { try S3Example.verify(request) }
        }
    }

    @Test("Bounds the difference of the clocks to the second", arguments: [-900, 0, 900] as [Int64])
    func acceptsSkew(_ seconds: Int64) throws {
        let now = S3Example.time.advanced(by: seconds)
        #expect(try S3Example.verify(VerificationTests.getObject(), now: now).body == .verified)
    }

    @Test("Refuses a clock that is further off", arguments: [-86_400, -901, 901, 86_400] as [Int64])
    func refusesSkew(_ seconds: Int64) throws {
        let now = S3Example.time.advanced(by: seconds)
        let request = try VerificationTests.getObject()
        #expect(throws: SignatureError.timeTooSkewed(signed: S3Example.time, now: now)) {
            try S3Example.verify(request, now: now)
        }
        #expect(SignatureError.timeTooSkewed(signed: now, now: now).code == "RequestTimeTooSkewed")
    }

    @Test("Refuses by the time alone, before anyone looks for the key")
    func checksTimeFirst() throws {
        let claim = try #require(try SignatureClaim.parse(VerificationTests.getObject()))
        try claim.checkTime(now: S3Example.time.advanced(by: 300), allowedSkew: 300)
        let now = S3Example.time.advanced(by: 301)
        #expect(throws: SignatureError.timeTooSkewed(signed: S3Example.time, now: now)) {
            try claim.checkTime(now: now, allowedSkew: 300)
        }
        #expect(throws: SignatureError.timeTooSkewed(signed: S3Example.time, now: now)) {
            try claim.verify(secret: SecretBytes(utf8: "unknown"), bodyHash: nil, now: now, allowedSkew: 300)
        }
    }

    static let presigned =
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3"
        + "%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
        + "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"

    static func presignedRequest(_ headers: HTTPFields = [:]) -> HTTPRequest {
        HTTPRequest(
            method: .get,
            scheme: "https",
            authority: S3Example.host,
            path: presigned,
            headerFields: headers
        )
    }

    @Test("Accepts a presigned URL until it expires, to the second", arguments: [-900, 0, 86_400] as [Int64])
    func acceptsPresigned(_ seconds: Int64) throws {
        let verified = try S3Example.verify(
            VerificationTests.presignedRequest(),
            now: S3Example.time.advanced(by: seconds)
        )
        #expect(verified.body == .unsigned)
    }

    @Test("Refuses a presigned URL before its time and after its end")
    func refusesPresignedTime() throws {
        let request = VerificationTests.presignedRequest()
        #expect(throws: SignatureError.notYetValid(S3Example.time)) {
            try S3Example.verify(request, now: S3Example.time.advanced(by: -901))
        }
        #expect(throws: SignatureError.expired(S3Example.time.advanced(by: 86_400))) {
            try S3Example.verify(request, now: S3Example.time.advanced(by: 86_401))
        }
    }

    @Test("Refuses a presigned URL with an unsigned header of AWS's, but not with an unsigned Content-Type")
    func refusesUnsignedInPresigned() throws {
        var fields = HTTPFields()
        fields[.contentType] = "text/plain"
        fields[.range] = "bytes=0-1"
        #expect(try S3Example.verify(VerificationTests.presignedRequest(fields)).body == .unsigned)
        fields[try name("x-amz-meta-a")] = "b"
        let request = VerificationTests.presignedRequest(fields)
        #expect(throws: SignatureError.headersNotSigned(["x-amz-meta-a"])) { try S3Example.verify(request) }
    }

    @Test(
        "Refuses every header of AWS's that is not signed",
        arguments: [
            "x-amz-copy-source", "x-amz-acl", "x-amz-tagging", "x-amz-meta-a", "x-amz-security-token",
            "x-amz-target", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-sdk-checksum-algorithm",
            "x-amz-grant-full-control", "x-amz-bypass-governance-retention", "x-amz-server-side-encryption",
            "x-amz-expected-bucket-owner", "x-amz-user-agent", "X-AMZ-Anything", "x-amz-", "content-type",
        ]
    )
    func refusesUnsigned(_ header: String) throws {
        var request = try VerificationTests.getObject()
        request.headerFields.append(HTTPField(name: try name(header), value: "x"))
        let changed = request
        #expect(throws: SignatureError.headersNotSigned([header.lowercased()])) { try S3Example.verify(changed) }
    }

    @Test(
        "Lets tracing, retry and hop headers come unsigned",
        arguments: ["x-amzn-trace-id", "amz-sdk-request", "user-agent", "accept", "x-forwarded-for"]
    )
    func acceptsUnsigned(_ header: String) throws {
        var request = try VerificationTests.getObject()
        request.headerFields.append(HTTPField(name: try name(header), value: "x"))
        #expect(try S3Example.verify(request).body == .verified)
    }

    @Test("Refuses a signed header that did not arrive")
    func refusesMissing() throws {
        var request = try VerificationTests.getObject()
        request.headerFields[.range] = nil
        let changed = request
        #expect(throws: SignatureError.signedHeaderMissing("range")) { try S3Example.verify(changed) }
        request = try VerificationTests.getObject()
        request.authority = nil
        let hostless = request
        #expect(throws: SignatureError.signedHeaderMissing("host")) { try S3Example.verify(hostless) }
    }

    @Test("Refuses a Host field beside another authority")
    func refusesSecondHost() throws {
        var request = try VerificationTests.getObject()
        request.headerFields.append(HTTPField(name: try name("host"), value: S3Example.host))
        #expect(try S3Example.verify(request).body == .verified)
        request.headerFields[try name("host")] = "other"
        let changed = request
        #expect(throws: SignatureError.duplicateHeader("host")) { try S3Example.verify(changed) }
    }

    @Test("Refuses a body that is not the signed one")
    func refusesBody() throws {
        let request = try VerificationTests.getObject()
        #expect(throws: SignatureError.contentHashMismatch) { try S3Example.verify(request, body: [0]) }
        let json = try VerificationTests.signed()
        #expect(throws: SignatureError.signatureMismatch(host: "gateway.example.com")) {
            try S3Example.verify(json, body: [0])
        }
        #expect(throws: SignatureError.contentHashMismatch) { try S3Example.verify(json, body: nil) }
    }

    @Test(
        "Refuses an unsigned payload outside of S3 unless the operation may",
        arguments: [PayloadMode.unsignedPayload, .streamingUnsignedTrailer]
    )
    func refusesUnsignedPayload(_ mode: PayloadMode) throws {
        let request = try VerificationTests.signed(payload: mode)
        #expect(throws: SignatureError.unsignedPayloadRefused) { try S3Example.verify(request) }
        let claim = try #require(try SignatureClaim.parse(request))
        let verified = try claim.verify(
            secret: S3Example.credential.secret,
            bodyHash: nil,
            now: S3Example.time,
            allowsUnsignedPayload: true
        )
        #expect(verified.body == (mode.isChunked ? .chunked : .unsigned))
    }

    @Test("Joins repeated headers by a comma and collapses white space")
    func joinsHeaders() throws {
        var request = try VerificationTests.signed(
            headers: [("x-amz-meta-a", "  one   two\tthree "), ("x-amz-meta-a", "four")])
        #expect(try S3Example.verify(request).body == .verified)
        request.headerFields[try name("x-amz-meta-a")] = "one two three,four"
        #expect(try S3Example.verify(request).body == .verified)
        // As nginx joins repeated headers since 1.23.
        request.headerFields[try name("x-amz-meta-a")] = "one two three, four"
        #expect(try S3Example.verify(request).body == .verified)
        request.headerFields[try name("x-amz-meta-a")] = "onetwo three,four"
        let changed = request
        #expect(throws: SignatureError.signatureMismatch(host: "gateway.example.com")) { try S3Example.verify(changed) }
    }

    @Test("Keeps Host as it arrived", arguments: ["gateway.example.com:8443", "GATEWAY.example.com", "[::1]:443"])
    func keepsHost(_ host: String) throws {
        var request = HTTPRequest(method: .get, scheme: "https", authority: host, path: "/")
        try RequestSigner().sign(
            &request,
            with: S3Example.credential,
            region: "us-east-1",
            service: "ssm",
            payload: .hash(SHA256.ofNothing),
            now: S3Example.time
        )
        #expect(try S3Example.verify(request).body == .verified)
        request.authority = "gateway.example.com"
        let changed = request
        #expect(throws: SignatureError.signatureMismatch(host: "gateway.example.com")) {
            try S3Example.verify(changed)
        }
    }

    @Test("Restores underscores that CGI parameters have lost, where they were signed")
    func restoresNames() throws {
        let signed = try VerificationTests.signed(
            service: "s3",
            headers: [("x-amz-meta-a_b", "1"), ("x-amz-meta-c-d", "2")]
        )
        var request = signed
        for index in request.headerFields.indices {
            let field = request.headerFields[index]
            let dashed = try name(field.name.canonicalName.replacing("_", with: "-"))
            request.headerFields[index] = HTTPField(name: dashed, value: field.value)
        }
        let lost = request
        #expect(throws: SignatureError.signedHeaderMissing("x-amz-meta-a_b")) { try S3Example.verify(lost) }
        let claim = try #require(try SignatureClaim.parse(lost, namesAreFromCGI: true))
        let verified = try claim.verify(
            secret: S3Example.credential.secret,
            bodyHash: SHA256.ofNothing,
            now: S3Example.time
        )
        #expect(verified.claim.request.headerFields[try name("x-amz-meta-a_b")] == "1")
        #expect(verified.claim.request.headerFields[try name("x-amz-meta-a-b")] == nil)
        #expect(verified.claim.request.headerFields[try name("x-amz-meta-c-d")] == "2")
    }

    @Test("Refuses two signed names that CGI parameters make one", arguments: [("a_b", "a-b"), ("a_b-c", "a-b_c")])
    func refusesCollision(_ one: String, _ other: String) throws {
        let request = try VerificationTests.signed(
            service: "s3",
            headers: [("x-amz-meta-\(one)", "1"), ("x-amz-meta-\(other)", "2")]
        )
        // The first of the sorted names with an underscore is named.
        let named = one == "a_b" ? one : other
        #expect(throws: SignatureError.duplicateHeader("x-amz-meta-\(named)")) {
            try SignatureClaim.parse(request, namesAreFromCGI: true)
        }
    }

    @Test("Refuses signed chunks outside of S3")
    func refusesChunksOutsideOfS3() throws {
        let request = try S3Example.request(
            .put,
            "/",
            signed: "host;x-amz-content-sha256;x-amz-date",
            signature: SHA256.ofNothing.hex,
            payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        )
        var other = request
        other.headerFields[.authorization] = request.headerFields[.authorization]?.replacing("/s3/", with: "/ssm/")
        let changed = other
        #expect(throws: SignatureError.chunksRefused) { try S3Example.verify(changed) }
    }

    @Test(
        "Takes a path outside of S3 as it was sent or normalised",
        arguments: [
            ("/a/../b", "/b"), ("/a/./b", "/a/b"), ("/a//b", "/a/b"), ("/a/..", "/"), ("//", "/"), ("/a/b/", "/a/b/"),
        ]
    )
    func normalises(_ sent: String, _ signed: String) throws {
        var request = try VerificationTests.signed(service: "lambda", target: signed)
        request.path = sent
        #expect(try S3Example.verify(request).body == .verified)
        var s3 = try VerificationTests.signed(service: "s3", target: signed)
        s3.path = sent
        let changed = s3
        if sent != signed {
            #expect(throws: SignatureError.signatureMismatch(host: "gateway.example.com")) {
                try S3Example.verify(changed)
            }
        }
    }

    @Test(
        "Tells an encoded slash or dot from a separator outside of S3",
        arguments: [("/a%2Fb", "/a/b"), ("/a/%2E%2E/b", "/b"), ("/%61", "/a"), ("/a%2f", "/a%2F")]
    )
    func keepsEncoding(_ sent: String, _ signed: String) throws {
        var request = try VerificationTests.signed(service: "lambda", target: signed)
        request.path = sent
        let changed = request
        #expect(throws: SignatureError.signatureMismatch(host: "gateway.example.com")) { try S3Example.verify(changed) }
    }

    @Test(
        "Survives a target whose encoding is broken",
        arguments: ["/%", "/%zz", "/a%2", "/?a=%", "/?&&=&", "/??", "/?"]
    )
    func survives(_ target: String) throws {
        for service in ["s3", "lambda"] {
            var request = try VerificationTests.signed(service: service, target: "/x")
            request.path = target
            let changed = request
            #expect(throws: SignatureError.signatureMismatch(host: "gateway.example.com")) {
                try S3Example.verify(changed)
            }
        }
    }

    @Test("Refuses the secret, day, region or service of another key")
    func refusesOtherKey() throws {
        let request = try VerificationTests.getObject()
        let claim = try #require(try SignatureClaim.parse(request))
        for secret in ["", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEZ", " wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"] {
            #expect(throws: SignatureError.signatureMismatch(host: S3Example.host)) {
                try claim.verify(secret: SecretBytes(utf8: secret), bodyHash: nil, now: S3Example.time)
            }
        }
        let authorization = try #require(request.headerFields[.authorization])
        for (old, new) in [("us-east-1", "us-east-2"), ("/s3/", "/s3express/"), ("us-east-1", "US-EAST-1")] {
            var changed = request
            changed.headerFields[.authorization] = authorization.replacing(old, with: new)
            let other = changed
            #expect(throws: SignatureError.signatureMismatch(host: S3Example.host)) { try S3Example.verify(other) }
        }
    }
}
