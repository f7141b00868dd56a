import HTTPTypes
public import OpenSSL

/// A signature that fits; only verification makes one.
public struct VerifiedSignature: Sendable {
    /// What is known of the body now, and what the reader of the body has to see to.
    public enum Body: Hashable, Sendable {
        /// The body is the signed one.
        case verified
        /// Nobody has looked: the body's SHA-256 must turn out to be this before anything depends on it.
        case mustHash(to: SHA256Digest)
        /// The signature does not cover the body.
        case unsigned
        /// The body is aws-chunked: read it with `ChunkedBodyDecoder`.
        case chunked
    }

    /// What the request said of its signature, now known to be true.
    public let claim: SignatureClaim
    /// The state of the body.
    public let body: Body
    /// The key that chunks of the body are signed with.
    let signingKey: SigningKey

    fileprivate init(claim: SignatureClaim, body: Body, signingKey: SigningKey) {
        self.claim = claim
        self.body = body
        self.signingKey = signingKey
    }
}

extension SignatureClaim {
    /// Refuses a request that was signed too long ago or too far in the future, or whose URL has expired.
    ///
    /// `verify` does it again; a caller can so refuse before it looks up a key. `allowedSkew` is in seconds.
    public func checkTime(now: SigningTime, allowedSkew: Int64 = 900) throws(SignatureError) {
        switch form {
        case .header:
            let skew = now.secondsSince1970 - time.secondsSince1970
            guard skew <= allowedSkew, skew >= -allowedSkew else { throw .timeTooSkewed(signed: time, now: now) }
        case .presigned(let expires):
            guard now.advanced(by: allowedSkew) >= time else { throw .notYetValid(time) }
            let end = time.advanced(by: expires)
            guard now <= end else { throw .expired(end) }
        }
    }

    /// Verifies the signature of the request that the claim was read from.
    ///
    /// - Parameters:
    ///   - secret: the secret access key; for an unknown key id pass a dummy, so that it takes as long.
    ///   - bodyHash: SHA-256 of the body if it was read already. Needed where `payload` is `absent`; where it is
    ///     `hash`, the body may be read later (`VerifiedSignature.Body.mustHash`).
    ///   - allowedSkew: seconds between the clocks, in either direction.
    ///   - allowsUnsignedPayload: whether an operation outside of S3 may leave its payload unsigned: those that the
    ///     service model marks `v4-unsigned-body`. S3 allows it by itself.
    public func verify(
        secret: SecretBytes,
        bodyHash: SHA256Digest?,
        now: SigningTime,
        allowedSkew: Int64 = 900,
        allowsUnsignedPayload: Bool = false
    ) throws(SignatureError) -> VerifiedSignature {
        try checkTime(now: now, allowedSkew: allowedSkew)
        let body = try checkBody(bodyHash, allowsUnsignedPayload: allowsUnsignedPayload)
        let headers = try CanonicalHeaders(of: request, signed: signedHeaders)
        try checkUnsigned(headers.unsigned)

        var lastLine: [UInt8] = []
        payload.append(to: &lastLine, bodyHash: bodyHash ?? SHA256.ofNothing)
        let key = SigningKey(secret: secret, scope: scope)
        let forms: [CanonicalForm] = scope.isLikeS3 ? [.asSent, .asReceived] : [.asSent, .notNormalised, .asReceived]
        for form in forms where fits(form, headers, lastLine, key) {
            return VerifiedSignature(claim: self, body: body, signingKey: key)
        }
        // nginx joins repeated headers by ", " since 1.23; they were signed joined by ",".
        let apart = try CanonicalHeaders(of: request, signed: signedHeaders, joinedByProxy: true)
        if apart.bytes != headers.bytes, fits(.asSent, apart, lastLine, key) {
            return VerifiedSignature(claim: self, body: body, signingKey: key)
        }
        throw .signatureMismatch(host: request.authority ?? "")
    }

    /// Whether the signature is that of this canonical form.
    private func fits(
        _ form: CanonicalForm,
        _ headers: CanonicalHeaders,
        _ lastLine: [UInt8],
        _ key: SigningKey
    ) -> Bool {
        do throws(SignatureError) {
            let canonical = try CanonicalRequest(
                method: request.method,
                target: target,
                form: form,
                likeS3: scope.isLikeS3,
                omitting: signatureParameter,
                headers: headers,
                payload: lastLine
            )
            return key.sign(canonical, at: time) == signature
        } catch {
            // A target that cannot be decoded has no such form.
            return false
        }
    }

    private func checkBody(
        _ bodyHash: SHA256Digest?,
        allowsUnsignedPayload: Bool
    ) throws(SignatureError) -> VerifiedSignature.Body {
        switch payload {
        case .hash(let stated):
            guard let bodyHash else { return .mustHash(to: stated) }
            guard bodyHash == stated else { throw .contentHashMismatch }
            return .verified
        case .absent:
            guard bodyHash != nil else { throw .contentHashMismatch }
            return .verified
        case .unsignedPayload:
            guard scope.isLikeS3 || allowsUnsignedPayload else { throw .unsignedPayloadRefused }
            return .unsigned
        case .streamingUnsignedTrailer:
            guard scope.isLikeS3 || allowsUnsignedPayload else { throw .unsignedPayloadRefused }
            return .chunked
        case .streamingSigned:
            guard scope.isLikeS3 else { throw .chunksRefused }
            return .chunked
        }
    }

    /// Refuses headers that change the meaning of a request and are not signed.
    ///
    /// All `x-amz-` headers but x-amz-content-sha256, whose value is signed as the last line of the canonical
    /// request; tracing headers (`x-amzn-`) and retry headers (`amz-sdk-`) have other names. Content-Type too, which
    /// decides how a body is read; for S3 it is but stored, and its presigned URLs do not sign it
    /// (aws-sdk-js-v3, S3RequestPresigner).
    private func checkUnsigned(_ names: [String]) throws(SignatureError) {
        var refused: [String] = []
        for name in names where name != refused.last {
            if name.hasPrefix("x-amz-") {
                if name != "x-amz-content-sha256" { refused.append(name) }
            } else if name == "content-type" {
                if form == .header || !scope.isLikeS3 { refused.append(name) }
            }
        }
        guard refused.isEmpty else { throw .headersNotSigned(refused) }
    }
}
