public import HTTPTypes
public import OpenSSL

/// Signs requests to AWS with Signature Version 4.
public struct RequestSigner: Sendable {
    private let keys: SigningKeyCache

    /// Keeps derived keys in `keys`.
    public init(keys: SigningKeyCache = SigningKeyCache()) {
        self.keys = keys
    }

    /// Replaces whatever credentials `request` carries by a signature of its own.
    ///
    /// `request.authority` is the host to be signed, `request.path` the target as it will be sent, to the byte.
    /// Writes Authorization, X-Amz-Date, for a temporary credential X-Amz-Security-Token, and x-amz-content-sha256
    /// where S3 needs it, where it was before, or where the payload is not signed. Signs host, content-type,
    /// content-md5 and every `x-amz-` header. `payload` is `hash`, `unsignedPayload` or `streamingUnsignedTrailer`.
    public func sign(
        _ request: inout HTTPRequest,
        with credential: Credential,
        region: String,
        service: String,
        payload: PayloadMode,
        now: SigningTime
    ) throws(SignatureError) {
        let scope = try CredentialScope(date: now, region: region, service: service)
        let lastLine = try RequestSigner.lastLine(payload)
        let target = try RequestSigner.targetWithoutCredentials(of: request)
        let statesHash: Bool
        if case .hash = payload {
            statesHash = scope.isLikeS3 || request.headerFields.contains(.xAmzContentSHA256)
        } else {
            statesHash = true
        }

        request.path = String(decoding: target.bytes, as: UTF8.self)
        request.headerFields.removeAll { HTTPField.Name.ofCredentials.contains($0.name) }
        request.headerFields.append(HTTPField(name: .xAmzDate, value: now.description))
        if let token = credential.sessionToken {
            request.headerFields.append(HTTPField(name: .xAmzSecurityToken, value: token))
        }
        if statesHash {
            let value = String(decoding: lastLine, as: UTF8.self)
            request.headerFields.append(HTTPField(name: .xAmzContentSHA256, value: value))
        }

        let names = RequestSigner.namesToSign(of: request)
        let canonical = try CanonicalRequest(
            method: request.method,
            target: target,
            form: .asReceived,
            likeS3: scope.isLikeS3,
            headers: CanonicalHeaders(of: request, signed: names),
            payload: lastLine
        )
        let signature = keys.key(for: credential, scope: scope).sign(canonical, at: now)
        var value: [UInt8] = []
        value.reserveCapacity(320)
        value.append(contentsOf: "AWS4-HMAC-SHA256 Credential=".utf8)
        value.append(contentsOf: credential.accessKeyID.utf8)
        value.append(UInt8(ascii: "/"))
        scope.append(to: &value)
        value.append(contentsOf: ", SignedHeaders=".utf8)
        for (index, name) in names.enumerated() {
            if index > 0 { value.append(UInt8(ascii: ";")) }
            value.append(contentsOf: name.utf8)
        }
        value.append(contentsOf: ", Signature=".utf8)
        signature.appendHex(to: &value)
        request.headerFields.append(HTTPField(name: .authorization, value: value))
    }

    /// The target of a presigned URL for `request`, valid for `expires` seconds: 1 to 604,800.
    ///
    /// Signs host and every `x-amz-` header of the request, which must then be sent with it. The payload of S3 is left
    /// unsigned, that of others is `bodyHash`.
    public func presign(
        _ request: HTTPRequest,
        with credential: Credential,
        region: String,
        service: String,
        expires: Int64,
        bodyHash: SHA256Digest = SHA256.ofNothing,
        now: SigningTime
    ) throws(SignatureError) -> String {
        guard (1...SignatureClaim.longestExpiry).contains(expires) else {
            throw .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds")
        }
        let scope = try CredentialScope(date: now, region: region, service: service)
        var request = request
        request.headerFields.removeAll { HTTPField.Name.ofCredentials.contains($0.name) }
        request.headerFields.removeAll { $0.name == .contentType || $0.name == .contentMD5 }
        let names = RequestSigner.namesToSign(of: request)

        var text = try RequestSigner.targetWithoutCredentials(of: request).bytes
        text.append(text.contains(UInt8(ascii: "?")) ? UInt8(ascii: "&") : UInt8(ascii: "?"))
        if text.suffix(2).elementsEqual("?&".utf8) { text.removeLast() }
        text.append(contentsOf: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=".utf8)
        PercentEncoding.append("\(credential.accessKeyID)/\(scope)".utf8, keepingSlash: false, to: &text)
        text.append(contentsOf: "&X-Amz-Date=".utf8)
        now.append(to: &text)
        text.append(contentsOf: "&X-Amz-Expires=\(expires)&X-Amz-SignedHeaders=".utf8)
        PercentEncoding.append(names.joined(separator: ";").utf8, keepingSlash: false, to: &text)
        if let token = credential.sessionToken {
            text.append(contentsOf: "&X-Amz-Security-Token=".utf8)
            PercentEncoding.append(token.utf8, keepingSlash: false, to: &text)
        }

        let payload: PayloadMode = scope.isLikeS3 ? .unsignedPayload : .hash(bodyHash)
        let canonical = try CanonicalRequest(
            method: request.method,
            target: RequestTarget(String(decoding: text, as: UTF8.self)),
            form: .asReceived,
            likeS3: scope.isLikeS3,
            headers: CanonicalHeaders(of: request, signed: names),
            payload: RequestSigner.lastLine(payload)
        )
        let signature = keys.key(for: credential, scope: scope).sign(canonical, at: now)
        text.append(contentsOf: "&X-Amz-Signature=".utf8)
        signature.appendHex(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static func lastLine(_ payload: PayloadMode) throws(SignatureError) -> [UInt8] {
        switch payload {
        // The chain of a signed stream would need the chunks; AWS takes the unsigned form with a trailer instead.
        case .absent, .streamingSigned: throw .missingContentHash
        case .hash, .unsignedPayload, .streamingUnsignedTrailer: break
        }
        var line: [UInt8] = []
        payload.append(to: &line, bodyHash: SHA256.ofNothing)
        return line
    }

    /// The target without the query parameters that carry credentials, the rest as it was.
    private static func targetWithoutCredentials(of request: HTTPRequest) throws(SignatureError) -> RequestTarget {
        guard let path = request.path else { throw .malformedTarget }
        let target = try RequestTarget(path)
        var kept = Array(target.bytes[target.path])
        var dropped = false
        for parameter in target.parameters {
            guard let name = target.name(of: parameter) else { throw .malformedTarget }
            if CredentialParameters.names.contains(name.lowercased()) {
                dropped = true
                continue
            }
            kept.append(kept.count == target.path.count ? UInt8(ascii: "?") : UInt8(ascii: "&"))
            kept.append(contentsOf: target.text(of: parameter))
        }
        return dropped ? try RequestTarget(String(decoding: kept, as: UTF8.self)) : target
    }

    /// Names of the headers to sign, sorted, each once.
    private static func namesToSign(of request: HTTPRequest) -> [String] {
        var names = ["host"]
        for field in request.headerFields {
            let name = field.name.canonicalName
            if name.hasPrefix("x-amz-") || field.name == .contentType || field.name == .contentMD5 {
                names.append(name)
            }
        }
        names.sort()
        var unique: [String] = []
        for name in names where name != unique.last { unique.append(name) }
        return unique
    }
}

extension HTTPField.Name {
    static let contentMD5 = known("content-md5")
    static let xAmzContentSHA256 = known("x-amz-content-sha256")
    static let xAmzDate = known("x-amz-date")
    static let xAmzSecurityToken = known("x-amz-security-token")
    static let xAmzDecodedContentLength = known("x-amz-decoded-content-length")
    static let xAmzTrailer = known("x-amz-trailer")
    static let amzSDKInvocationID = known("amz-sdk-invocation-id")
    static let amzSDKRequest = known("amz-sdk-request")

    /// The headers that state who signed and when; `host` travels as the authority.
    static let ofCredentials: [HTTPField.Name] = [
        .authorization, .date, xAmzContentSHA256, xAmzDate, xAmzSecurityToken, known("x-amz-s3session-token"),
        known("x-amz-region-set"), known("host"),
    ]

    /// A name that is written in this module and known to be one.
    private static func known(_ text: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name(String(describing: text)) else {
            preconditionFailure("\(text) is no header name")
        }
        return name
    }
}
