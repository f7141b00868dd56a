/// Where and when a signing key is good: `yyyyMMdd/region/service/aws4_request`.
public struct CredentialScope: Hashable, Sendable {
    /// The day, `yyyyMMdd` in UTC.
    public let date: String
    /// The region, as signed.
    public let region: String
    /// The signing name of the service, as signed.
    public let service: String

    /// Signing names with S3's canonical form: path encoded once and not normalised, payload's hash in a header.
    ///
    /// They are the endpoint rule sets' entries with `disableDoubleEncoding`.
    private static let namesLikeS3: Set<String> = ["s3", "s3express", "s3-object-lambda", "s3-outposts"]

    /// Takes the parts of a scope that is to be signed.
    public init(date: SigningTime, region: String, service: String) throws(SignatureError) {
        guard CredentialScope.isName(region.utf8), CredentialScope.isName(service.utf8) else { throw .malformedScope }
        self.date = date.day
        self.region = region
        self.service = service
    }

    /// Reads `yyyyMMdd/region/service/aws4_request`.
    public init(parsing text: some StringProtocol) throws(SignatureError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 4 else { throw .malformedScope }
        let texts = parts.map { String(decoding: $0, as: UTF8.self) }
        guard texts[0].utf8.count == 8, SigningTime(parsing: texts[0] + "T000000Z") != nil,
            CredentialScope.isName(texts[1].utf8), CredentialScope.isName(texts[2].utf8), texts[3] == "aws4_request"
        else { throw .malformedScope }
        date = texts[0]
        region = texts[1]
        service = texts[2]
    }

    /// Whether the service is signed in S3's way.
    public var isLikeS3: Bool { CredentialScope.namesLikeS3.contains(service) }

    /// Appends `yyyyMMdd/region/service/aws4_request`.
    func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: date.utf8)
        buffer.append(UInt8(ascii: "/"))
        buffer.append(contentsOf: region.utf8)
        buffer.append(UInt8(ascii: "/"))
        buffer.append(contentsOf: service.utf8)
        buffer.append(contentsOf: "/aws4_request".utf8)
    }

    /// Whether the bytes can be a region or a signing name: 1 to 64 letters, digits, `-`, `_` and `.`.
    private static func isName(_ bytes: some Collection<UInt8>) -> Bool {
        (1...64).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f, 0x2e: true
                default: false
                }
            }
    }
}

extension CredentialScope: CustomStringConvertible {
    /// `yyyyMMdd/region/service/aws4_request`.
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
