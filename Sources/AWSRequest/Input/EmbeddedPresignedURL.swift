public import HTTPTypes

/// A presigned URL that an SDK puts into a form body: a call of its own, to the region that something is copied from.
///
/// EC2's CopySnapshot and the copy operations of RDS, Neptune and DocumentDB carry one. The SDK makes it for the
/// gateway's host with the agent's key: recognise, verify and judge `request` like any other, then put a URL in its
/// place that is signed for AWS (`replacing`).
public struct EmbeddedPresignedURL: Sendable {
    /// The key of the form parameter that holds the URL.
    public let formKey: String
    /// The request that the URL stands for.
    public let request: HTTPRequest
    /// Region and service of the URL's credential scope.
    public let entrance: Entrance

    /// The URL that a call carries; nil where it carries none.
    ///
    /// - Throws: `malformed` for anything but an absolute https URL with a SigV4 credential.
    public init?(in call: RecognisedCall, _ input: ParsedInput) throws(InputError) {
        guard call.wireProtocol == .query || call.wireProtocol == .ec2 else { return nil }
        let member = call.operation.input?.members.first { $0.name.lowercased() == "presignedurl" }
        guard let member, let url = input.text(at: member.name), !url.isEmpty else { return nil }
        let prefix = "https://"
        guard url.hasPrefix(prefix) else { throw .malformed(offset: 0) }
        let rest = url.dropFirst(prefix.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        var path = String(rest.dropFirst(authority.count))
        if !path.hasPrefix("/") { path = "/" + path }
        guard !authority.isEmpty, !authority.contains("@") else { throw .malformed(offset: prefix.count) }
        formKey = member.wireName
        request = HTTPRequest(method: .get, scheme: "https", authority: String(authority), path: path)
        entrance = try Self.entrance(path)
    }

    private static func entrance(_ path: String) throws(InputError) -> Entrance {
        let target: RequestTarget
        do { target = try RequestTarget(path) } catch { throw .malformed(offset: 0) }
        let credentials = target.query.filter { target.decodedText($0.key) == "X-Amz-Credential" }
        guard credentials.count == 1 else { throw .malformed(offset: 0) }
        let parts = target.decodedText(credentials[0].value).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[4] == "aws4_request" else { throw .malformed(offset: 0) }
        return .signed(region: String(parts[2]), service: String(parts[3]))
    }

    /// The form with another URL in the place of this one; every other byte stays.
    ///
    /// - Returns: The new body; nil where the form does not have the parameter exactly once.
    public func replacing(with url: String, in body: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var count = 0
        for (index, part) in body.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).enumerated() {
            if index > 0 { result.append(UInt8(ascii: "&")) }
            let key = part.prefix { $0 != UInt8(ascii: "=") }
            if Percent.decode(key, plusIsSpace: true) == Array(formKey.utf8) {
                count += 1
                result += key + [UInt8(ascii: "=")] + Percent.encode(url)
            } else {
                result += part
            }
        }
        return count == 1 ? result : nil
    }
}

extension Percent {
    /// Encodes all but RFC 3986's unreserved characters.
    static func encode(_ text: String) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): result.append(byte)
            case _ where ASCII.isDigit(byte) || ASCII.lowercased(byte) &- 97 < 26: result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }
}
