import HTTPTypes
import OpenSSL
import SigV4
import Testing

@Suite("Request signer")
struct RequestSignerTests {
    static let temporary = Credential(
        accessKeyID: "ASIAEXAMPLE",
        secret: SecretBytes(utf8: "upstream-secret"),
        sessionToken: "to/ken+="
    )

    static func sign(
        _ request: HTTPRequest,
        service: String = "s3",
        payload: PayloadMode = .hash(SHA256.ofNothing),
        now: SigningTime = S3Example.time
    ) throws -> HTTPRequest {
        var request = request
        try RequestSigner().sign(
            &request,
            with: temporary,
            region: "us-east-1",
            service: service,
            payload: payload,
            now: now
        )
        return request
    }

    static func verify(_ request: HTTPRequest, body: [UInt8]? = []) throws -> VerifiedSignature {
        let claim = try #require(try SignatureClaim.parse(request))
        #expect(claim.sessionToken == "to/ken+=")
        #expect(claim.accessKeyID == "ASIAEXAMPLE")
        return try claim.verify(
            secret: temporary.secret,
            bodyHash: body.map { SHA256.hash($0) },
            now: S3Example.time
        )
    }

    @Test(
        "Signs whatever botocore's clients send so that it verifies",
        arguments: try VectorFile(named: "botocore").vectors
    )
    func signsCorpus(_ vector: Vector) throws {
        let request = try vector.request()
        let claim = try #require(try SignatureClaim.parse(request))
        var payload = claim.payload
        if payload == .absent { payload = .hash(SHA256.hash(vector.bodyBytes)) }
        let signed = try RequestSignerTests.sign(request, service: claim.scope.service, payload: payload)
        let again = try #require(try SignatureClaim.parse(signed))
        #expect(again.accessKeyID == "ASIAEXAMPLE")
        let verified = try again.verify(
            secret: RequestSignerTests.temporary.secret,
            bodyHash: SHA256.hash(vector.bodyBytes),
            now: S3Example.time,
            allowsUnsignedPayload: true
        )
        #expect(verified.claim.sessionToken == "to/ken+=")
        let target = try #require(signed.path)
        #expect(!target.contains("X-Amz-Signature") && !target.contains("AKIDEXAMPLE"))
        if claim.form == .header { #expect(target == request.path) }
        for field in signed.headerFields {
            #expect(!field.value.contains("AKIDEXAMPLE"))
            #expect(!field.value.contains("IQoJb3JpZ2luX2VjEXAMPLE"))
        }
    }

    @Test("Replaces credentials of every kind")
    func replaces() throws {
        var fields = HTTPFields()
        for header in [
            "authorization", "x-amz-date", "date", "x-amz-security-token", "x-amz-content-sha256",
            "x-amz-s3session-token", "x-amz-region-set", "host",
        ] {
            fields.append(HTTPField(name: try name(header), value: "agent's"))
            fields.append(HTTPField(name: try name(header), value: "agent's"))
        }
        fields[.contentType] = "text/plain"
        let target =
            "/b/k?X-Amz-Credential=c&x-id=GetObject&x-amz-signature=s&X-Amz%2DSecurity-Token=t&list-type=2"
            + "&AWSAccessKeyId=a&X-Amz-Expires=1"
        let signed = try RequestSignerTests.sign(
            HTTPRequest(method: .get, scheme: "https", authority: "h", path: target, headerFields: fields)
        )
        #expect(signed.path == "/b/k?x-id=GetObject&list-type=2")
        #expect(!signed.headerFields.contains { $0.value.contains("agent's") })
        #expect(
            signed.headerFields.map(\.name.canonicalName).sorted() == [
                "authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token",
            ]
        )
        #expect(try RequestSignerTests.verify(signed).body == .verified)
    }

    @Test("States the content hash where S3 needs it, where it was before, and where there is none")
    func statesHash() throws {
        let hash = try name("x-amz-content-sha256")
        var request = HTTPRequest(method: .post, scheme: "https", authority: "h", path: "/")
        #expect(try RequestSignerTests.sign(request, service: "ssm").headerFields[hash] == nil)
        #expect(try RequestSignerTests.sign(request).headerFields[hash] == SHA256.ofNothing.hex)
        #expect(
            try RequestSignerTests.sign(request, service: "ssm", payload: .unsignedPayload).headerFields[hash]
                == "UNSIGNED-PAYLOAD"
        )
        #expect(
            try RequestSignerTests.sign(request, payload: .streamingUnsignedTrailer).headerFields[hash]
                == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        )
        request.headerFields[hash] = "other"
        #expect(
            try RequestSignerTests.sign(request, service: "glacier").headerFields[hash] == SHA256.ofNothing.hex
        )
    }

    @Test("Refuses a payload that it cannot sign", arguments: [PayloadMode.absent, .streamingSigned(trailer: true)])
    func refusesPayload(_ payload: PayloadMode) {
        let request = HTTPRequest(method: .put, scheme: "https", authority: "h", path: "/")
        #expect(throws: SignatureError.missingContentHash) { try RequestSignerTests.sign(request, payload: payload) }
    }

    @Test("Refuses a broken target, region or service, and a request without a host")
    func refusesBroken() throws {
        let request = HTTPRequest(method: .get, scheme: "https", authority: "h", path: "/%zz")
        #expect(throws: SignatureError.malformedTarget) { try RequestSignerTests.sign(request) }
        let query = HTTPRequest(method: .get, scheme: "https", authority: "h", path: "/?%zz")
        #expect(throws: SignatureError.malformedTarget) { try RequestSignerTests.sign(query, service: "ssm") }
        let hostless = HTTPRequest(method: .get, scheme: "https", authority: nil, path: "/")
        #expect(throws: SignatureError.signedHeaderMissing("host")) { try RequestSignerTests.sign(hostless) }
        let good = HTTPRequest(method: .get, scheme: "https", authority: "h", path: "/")
        for service in ["", "s/3", "s3\n"] {
            #expect(throws: SignatureError.malformedScope) { try RequestSignerTests.sign(good, service: service) }
        }
    }

    @Test("Presigns the example of the S3 reference to the same signature")
    func presigns() throws {
        let request = HTTPRequest(method: .get, scheme: "https", authority: S3Example.host, path: "/test.txt")
        let target = try RequestSigner().presign(
            request,
            with: S3Example.credential,
            region: "us-east-1",
            service: "s3",
            expires: 86_400,
            now: S3Example.time
        )
        #expect(target == VerificationTests.presigned)
    }

    @Test("Presigns a copy's source so that it verifies, in place of the agent's own signature")
    func presignsSource() throws {
        let request = HTTPRequest(
            method: .get,
            scheme: "https",
            authority: "ec2.us-west-2.amazonaws.com",
            path: "/?Action=CopySnapshot&SourceSnapshotId=snap-1&X-Amz-Signature=agent&X-Amz-Credential=agent"
        )
        let target = try RequestSigner().presign(
            request,
            with: RequestSignerTests.temporary,
            region: "us-west-2",
            service: "ec2",
            expires: 3600,
            now: S3Example.time
        )
        #expect(target.hasPrefix("/?Action=CopySnapshot&SourceSnapshotId=snap-1&X-Amz-Algorithm=AWS4-HMAC-SHA256&"))
        #expect(!target.contains("agent"))
        var made = request
        made.path = target
        #expect(try RequestSignerTests.verify(made).claim.form == .presigned(expires: 3600))
    }

    @Test("Refuses to presign for no time or for more than seven days", arguments: [-1, 0, 604_801] as [Int64])
    func refusesExpiry(_ expires: Int64) {
        let request = HTTPRequest(method: .get, scheme: "https", authority: "h", path: "/")
        #expect(throws: SignatureError.malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")) {
            try RequestSigner().presign(
                request,
                with: S3Example.credential,
                region: "us-east-1",
                service: "s3",
                expires: expires,
                now: S3Example.time
            )
        }
    }

    @Test("Keeps no key of a former secret, and stays right when its table is full")
    func cachesKeys() throws {
        let keys = SigningKeyCache(capacity: 2)
        let signer = RequestSigner(keys: keys)
        for round in 0..<2 {
            for region in ["a", "b", "c", "d"] {
                for secret in ["one", "two"] {
                    let credential = Credential(accessKeyID: "AKID", secret: SecretBytes(utf8: secret))
                    var request = HTTPRequest(method: .get, scheme: "https", authority: "h", path: "/\(round)")
                    try signer.sign(
                        &request,
                        with: credential,
                        region: region,
                        service: "ssm",
                        payload: .hash(SHA256.ofNothing),
                        now: S3Example.time
                    )
                    let claim = try #require(try SignatureClaim.parse(request))
                    #expect(throws: Never.self) {
                        try claim.verify(secret: credential.secret, bodyHash: SHA256.ofNothing, now: S3Example.time)
                    }
                }
            }
        }
    }

    @Test("Never shows a secret")
    func isRedacted() {
        #expect("\(RequestSignerTests.temporary)" == "<credential ASIAEXAMPLE>")
        var dumped = ""
        dump(RequestSignerTests.temporary, to: &dumped)
        #expect(!dumped.contains("upstream") && !dumped.contains("to/ken"))
    }
}
