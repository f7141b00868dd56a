import HTTPTypes
import OpenSSL
import SigV4
import Testing

@Suite("Published and botocore's signatures")
struct PublishedVectorTests {
    @Test("Verifies AWS's test suite", arguments: try VectorFile(named: "aws4-testsuite").vectors)
    func verifiesSuite(_ vector: Vector) throws {
        let file = try #require(VectorFile.suite)
        let now = try #require(SigningTime(parsing: file.time))
        let request = try vector.request()
        // The suite adds a token after signing here, as only AWS IoT does: an unsigned header of AWS's is refused.
        guard vector.name != "post-sts-header-after" else {
            #expect(throws: SignatureError.headersNotSigned(["x-amz-security-token"])) {
                try verify(request, secret: file.secret, body: vector.bodyBytes, at: now)
            }
            return
        }
        let verified = try verify(request, secret: file.secret, body: vector.bodyBytes, at: now)
        #expect(verified.claim.accessKeyID == file.accessKeyID)
        #expect(verified.claim.scope.service == "service")
        #expect(verified.body == .verified)
    }

    @Test("Signs AWS's test suite to the same signature", arguments: try VectorFile(named: "aws4-testsuite").vectors)
    func signsSuite(_ vector: Vector) throws {
        let file = try #require(VectorFile.suite)
        let now = try #require(SigningTime(parsing: file.time))
        var request = try vector.request()
        let expected = try #require(request.headerFields[.authorization])
        // The signer signs no other headers than AWS asks for.
        guard !expected.contains("my-header") else { return }
        let token = request.headerFields[try name("x-amz-security-token")]
        guard vector.name != "post-sts-header-after" else { return }
        let credential = Credential(
            accessKeyID: file.accessKeyID,
            secret: SecretBytes(utf8: file.secret),
            sessionToken: token
        )
        try RequestSigner().sign(
            &request,
            with: credential,
            region: "us-east-1",
            service: "service",
            payload: .hash(SHA256.hash(vector.bodyBytes)),
            now: now
        )
        #expect(request.headerFields[.authorization] == expected)
    }

    @Test("Verifies what botocore's clients sign", arguments: try VectorFile(named: "botocore").vectors)
    func verifiesBotocore(_ vector: Vector) throws {
        let file = try #require(VectorFile.botocore)
        let now = try #require(SigningTime(parsing: file.time))
        let verified = try verify(
            vector.request(),
            secret: file.secret,
            body: vector.bodyBytes,
            at: now,
            allowsUnsignedPayload: vector.name.hasPrefix("mediastore")
        )
        #expect(verified.claim.accessKeyID == file.accessKeyID)
        #expect(verified.claim.time == now)
    }

    @Test("Refuses any change of what botocore signed", arguments: try VectorFile(named: "botocore").vectors)
    func refusesChanges(_ vector: Vector) throws {
        let file = try #require(VectorFile.botocore)
        let now = try #require(SigningTime(parsing: file.time))
        let allowsUnsigned = vector.name.hasPrefix("mediastore")
        func refuses(_ request: HTTPRequest, _ comment: Comment, secret: String = file.secret) {
            #expect(throws: SignatureError.self, comment) {
                try verify(
                    request,
                    secret: secret,
                    body: vector.bodyBytes,
                    at: now,
                    allowsUnsignedPayload: allowsUnsigned
                )
            }
        }
        let request = try vector.request()
        refuses(request, "another secret", secret: file.secret + "x")

        var changed = request
        changed.method = request.method == .get ? .delete : .get
        refuses(changed, "another method")

        changed = request
        changed.authority = "other.example.com"
        refuses(changed, "another host")

        changed = request
        let path = try #require(request.path)
        changed.path = path.hasPrefix("/?") ? "/x\(path.dropFirst())" : "/x\(path)"
        refuses(changed, "another path")

        changed = request
        changed.path = path + (path.contains("?") ? "&" : "?") + "acl"
        refuses(changed, "one more query parameter")

        let claim = try #require(try SignatureClaim.parse(request))
        for index in request.headerFields.indices {
            let field = request.headerFields[index]
            guard claim.signedHeaders.contains(field.name.canonicalName) else { continue }
            changed = request
            changed.headerFields[index].value += "x"
            refuses(changed, "another \(field.name)")
            changed = request
            changed.headerFields.remove(at: index)
            refuses(changed, "no \(field.name)")
        }

        changed = request
        changed.headerFields.append(HTTPField(name: try name("x-amz-copy-source"), value: "b/k"))
        refuses(changed, "an unsigned x-amz header")

        if claim.payload == .absent {
            #expect(throws: SignatureError.signatureMismatch(host: vector.host)) {
                try verify(request, secret: file.secret, body: vector.bodyBytes + [0], at: now)
            }
        }
        if case .hash = claim.payload {
            #expect(throws: SignatureError.contentHashMismatch) {
                try verify(request, secret: file.secret, body: vector.bodyBytes + [0], at: now)
            }
        }
    }
}
