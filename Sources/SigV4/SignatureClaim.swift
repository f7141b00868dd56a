public import HTTPTypes
import OpenSSL

/// What a request says about its own signature: read, not yet verified.
public struct SignatureClaim: Sendable {
    /// Where the signature travels.
    public enum Form: Hashable, Sendable {
        /// In the Authorization header.
        case header
        /// In the query of a presigned URL that is valid for so many seconds after signing.
        case presigned(expires: Int64)
    }

    /// The longest life of a presigned URL in seconds: seven days.
    public static let longestExpiry: Int64 = 604_800
    /// How many names SignedHeaders may list.
    static let mostSignedHeaders = 256

    /// Where the signature travels.
    public let form: Form
    /// The access key id.
    public let accessKeyID: String
    /// Day, region and service of the signing key.
    public let scope: CredentialScope
    /// The signed headers' names: lower case, sorted, each once, `host` among them.
    public let signedHeaders: [String]
    /// When the request was signed.
    public let time: SigningTime
    /// The session token, from header or query.
    public let sessionToken: String?
    /// How the signature covers the body.
    public let payload: PayloadMode
    /// The signature itself.
    let signature: SHA256Digest
    /// The request that the claim was read from, its header names as they were signed.
    public let request: HTTPRequest
    /// The request's target.
    let target: RequestTarget
    /// The query parameter that carries the signature.
    let signatureParameter: RequestTarget.Parameter?

    /// Reads the claim of a request, or nil if it is not signed by AWS's schemes at all.
    ///
    /// Refuses what is malformed, stated twice, or signed with a version other than 4. `namesAreFromCGI` says that the
    /// header names came as `HTTP_...` parameters, which do not tell `_` from `-`: signed names with `_` are restored.
    public static func parse(
        _ request: HTTPRequest,
        namesAreFromCGI: Bool = false
    ) throws(SignatureError) -> SignatureClaim? {
        guard let path = request.path else { throw .malformedTarget }
        let target = try RequestTarget(path)
        let headers = try CredentialHeaders(request.headerFields)
        let query = try CredentialParameters(target)
        if query.isSignatureVersion2 { throw .signatureVersion2 }
        guard let authorization = headers.authorization else {
            if query.isPresent {
                return try SignatureClaim(presigned: query, headers, request, target, namesAreFromCGI)
            }
            let type = request.headerFields[.contentType]?.lowercased() ?? ""
            if request.method == .post, type.hasPrefix("multipart/form-data") { throw .formUploadRefused }
            return nil
        }
        guard !query.isPresent else { throw .conflictingCredentials }
        let scheme = authorization.prefix { $0 != " " }
        switch scheme {
        case "AWS4-HMAC-SHA256": break
        case "AWS4-ECDSA-P256-SHA256": throw .signatureVersion4A
        case "AWS", "AWS3", "AWS3-HTTPS": throw .signatureVersion2
        default:
            guard !scheme.lowercased().hasPrefix("aws") else { throw .malformedAuthorization("unknown algorithm") }
            return nil
        }
        return try SignatureClaim(
            authorization: authorization.dropFirst(scheme.count),
            headers,
            request,
            target,
            namesAreFromCGI
        )
    }

    /// Reads the parts of an Authorization header behind its scheme, in any order, split by commas.
    private init(
        authorization: Substring,
        _ headers: CredentialHeaders,
        _ request: HTTPRequest,
        _ target: RequestTarget,
        _ namesAreFromCGI: Bool
    ) throws(SignatureError) {
        var credential: Substring.UTF8View?
        var names: Substring.UTF8View?
        var signature: Substring.UTF8View?
        for part in authorization.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let part = part.trimmingSpaces()
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else {
                throw .malformedAuthorization("a part has no '='")
            }
            let value = part[part.index(after: equals)...]
            switch String(part[..<equals]) {
            case "Credential" where credential == nil: credential = value
            case "SignedHeaders" where names == nil: names = value
            case "Signature" where signature == nil: signature = value
            case "Credential", "SignedHeaders", "Signature": throw .malformedAuthorization("a part occurs twice")
            default: throw .malformedAuthorization("unknown part")
            }
        }
        guard let credential else { throw .missingPart("Credential") }
        guard let names else { throw .missingPart("SignedHeaders") }
        guard let signature else { throw .missingPart("Signature") }

        form = .header
        (accessKeyID, scope) = try SignatureClaim.parseCredential(Substring(credential))
        signedHeaders = try SignatureClaim.parseNames(String(names) ?? "")
        self.signature = try SignatureClaim.parseSignature(String(signature) ?? "")
        time = try headers.time()
        guard time.day == scope.date else { throw .dateOutsideScope }
        sessionToken = try headers.sessionToken(for: scope)
        if let stated = headers.contentHash {
            payload = try PayloadMode(parsing: stated)
        } else if scope.isLikeS3, scope.service != "s3-outposts" {
            throw .missingContentHash
        } else {
            // S3 on Outposts has S3's rules for objects, and the common ones for its endpoints.
            payload = .absent
        }
        self.request = namesAreFromCGI ? try SignatureClaim.restoreNames(in: request, signed: signedHeaders) : request
        self.target = target
        signatureParameter = nil
    }

    /// Reads the parameters of a presigned URL.
    private init(
        presigned query: CredentialParameters,
        _ headers: CredentialHeaders,
        _ request: HTTPRequest,
        _ target: RequestTarget,
        _ namesAreFromCGI: Bool
    ) throws(SignatureError) {
        guard let algorithm = query.algorithm else { throw .missingPart("X-Amz-Algorithm") }
        guard algorithm != "AWS4-ECDSA-P256-SHA256" else { throw .signatureVersion4A }
        guard algorithm == "AWS4-HMAC-SHA256" else { throw .malformedPresignedURL("unknown X-Amz-Algorithm") }
        guard let credential = query.credential else { throw .missingPart("X-Amz-Credential") }
        guard let date = query.date else { throw .missingPart("X-Amz-Date") }
        guard let expires = query.expires else { throw .missingPart("X-Amz-Expires") }
        guard let names = query.signedHeaders else { throw .missingPart("X-Amz-SignedHeaders") }
        guard let signature = query.signature, let parameter = query.signatureParameter else {
            throw .missingPart("X-Amz-Signature")
        }
        guard expires.utf8.count <= 6, expires.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(expires), (1...SignatureClaim.longestExpiry).contains(seconds)
        else { throw .malformedPresignedURL("X-Amz-Expires must be 1 to 604800 seconds") }
        guard let time = SigningTime(parsing: date) else { throw .malformedDate }

        form = .presigned(expires: seconds)
        (accessKeyID, scope) = try SignatureClaim.parseCredential(Substring(credential))
        signedHeaders = try SignatureClaim.parseNames(names)
        self.signature = try SignatureClaim.parseSignature(signature)
        self.time = time
        guard time.day == scope.date else { throw .dateOutsideScope }
        let headerToken = try headers.sessionToken(for: scope)
        let queryToken = scope.service == "s3express" ? query.expressToken ?? query.securityToken : query.securityToken
        guard headerToken == nil || queryToken == nil else { throw .conflictingCredentials }
        sessionToken = queryToken ?? headerToken
        if let header = headers.contentHash, let parameter = query.contentHash, header != parameter {
            throw .conflictingCredentials
        }
        if let stated = headers.contentHash ?? query.contentHash {
            payload = try PayloadMode(parsing: stated)
        } else {
            payload = scope.isLikeS3 ? .unsignedPayload : .absent
        }
        guard !payload.isChunked else { throw .chunksRefused }
        self.request = namesAreFromCGI ? try SignatureClaim.restoreNames(in: request, signed: signedHeaders) : request
        self.target = target
        signatureParameter = parameter
    }

    /// Gives back the underscores to names that were signed with some.
    ///
    /// Refuses a request that signs both spellings of one name: their values cannot be told apart.
    private static func restoreNames(
        in request: HTTPRequest,
        signed: [String]
    ) throws(SignatureError) -> HTTPRequest {
        var request = request
        for name in signed where name.utf8.contains(UInt8(ascii: "_")) {
            let dashed = SignatureClaim.dashed(name)
            guard signed.count(where: { SignatureClaim.dashed($0) == dashed }) == 1 else {
                throw .duplicateHeader(name)
            }
            guard let restored = HTTPField.Name(name) else { continue }
            for index in request.headerFields.indices
            where request.headerFields[index].name.canonicalName == dashed {
                request.headerFields[index] = HTTPField(name: restored, value: request.headerFields[index].value)
            }
        }
        return request
    }

    /// A header's name as CGI leaves it.
    private static func dashed(_ name: String) -> String {
        String(decoding: name.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
    }

    /// Reads `accessKeyID/yyyyMMdd/region/service/aws4_request`.
    private static func parseCredential(_ text: Substring) throws(SignatureError) -> (String, CredentialScope) {
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { throw .malformedScope }
        let accessKeyID = text[..<slash]
        guard (1...128).contains(accessKeyID.utf8.count),
            accessKeyID.utf8.allSatisfy({ byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x2d: true
                default: false
                }
            })
        else { throw .malformedAuthorization("the access key id is malformed") }
        return (String(accessKeyID), try CredentialScope(parsing: text[text.utf8.index(after: slash)...]))
    }

    /// Reads `a;b;c`: lower case, sorted, each once, `host` among them.
    private static func parseNames(_ text: String) throws(SignatureError) -> [String] {
        var names: [String] = []
        names.reserveCapacity(16)
        for part in text.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            guard let name = String(part), HTTPField.Name(name)?.canonicalName == name else {
                throw .malformedAuthorization("SignedHeaders must be lower-case header names")
            }
            if let last = names.last, last >= name {
                throw .malformedAuthorization("SignedHeaders must be sorted, each name once")
            }
            guard names.count < mostSignedHeaders else { throw .malformedAuthorization("too many SignedHeaders") }
            names.append(name)
        }
        guard names.contains("host") else { throw .headersNotSigned(["host"]) }
        return names
    }

    /// Reads 64 lower-case hexadecimal digits.
    private static func parseSignature(_ text: String) throws(SignatureError) -> SHA256Digest {
        guard let digest = SHA256Digest(hex: text), digest.hex == text else {
            throw .malformedAuthorization("the signature must be 64 lower-case hexadecimal digits")
        }
        return digest
    }
}

extension Substring.UTF8View {
    /// Without the spaces at both ends.
    fileprivate func trimmingSpaces() -> Substring.UTF8View {
        var view = self[...]
        while view.first == 0x20 { view = view.dropFirst() }
        while view.last == 0x20 { view = view.dropLast() }
        return view
    }
}
