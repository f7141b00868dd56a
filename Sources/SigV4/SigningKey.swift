import OpenSSL

/// A key that signs for one day, region and service.
struct SigningKey: Sendable {
    let scope: CredentialScope
    private let key: SecretBytes

    /// Derives the key (AWS, "Create a signed AWS API request", step 4).
    init(secret: SecretBytes, scope: CredentialScope) {
        let initial = SecretBytes(prefix: Array("AWS4".utf8), secret)
        let date = HMACSHA256.authenticate(key: initial, message: scope.date.utf8.span)
        let region = HMACSHA256.authenticate(key: date.octets.span, message: scope.region.utf8.span)
        let service = HMACSHA256.authenticate(key: region.octets.span, message: scope.service.utf8.span)
        let key = HMACSHA256.authenticate(key: service.octets.span, message: "aws4_request".utf8.span)
        self.scope = scope
        self.key = SecretBytes(key.octets.span)
    }

    /// Signs a canonical request.
    func sign(_ canonicalRequest: CanonicalRequest, at time: SigningTime) -> SHA256Digest {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text.append(contentsOf: "AWS4-HMAC-SHA256\n".utf8)
        time.append(to: &text)
        text.append(0x0a)
        scope.append(to: &text)
        text.append(0x0a)
        SHA256.hash(canonicalRequest.bytes).appendHex(to: &text)
        return sign(text)
    }

    /// Signs a string to sign.
    func sign(_ stringToSign: [UInt8]) -> SHA256Digest {
        HMACSHA256.authenticate(key: key, message: stringToSign.span)
    }
}

extension SigningKey: CustomStringConvertible {
    var description: String { "<signing key for \(scope)>" }
}
