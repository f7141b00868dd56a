/// An access point of S3 or of S3 Object Lambda, which stands in a bucket's place.
public struct S3AccessPoint: Sendable, Hashable {
    /// What answers behind it.
    public enum Kind: String, Sendable, CaseIterable {
        /// Objects, signed for `s3`.
        case s3
        /// A function over objects, signed for `s3-object-lambda`.
        case objectLambda = "s3-object-lambda"

        /// The label of its host that follows the access point's own.
        var hostLabel: String { self == .s3 ? "s3-accesspoint" : rawValue }
    }

    /// What answers behind it.
    public let kind: Kind
    /// The partition's id, such as `aws`.
    public let partition: String
    /// The region's name.
    public let region: String
    /// 12 digits.
    public let account: String
    /// The access point's name.
    public let name: String

    /// `arn:aws:s3:eu-west-1:111122223333:accesspoint/name`.
    public var arn: String { "arn:\(partition):\(kind.rawValue):\(region):\(account):accesspoint/\(name)" }
    /// The first label of its host: `name-111122223333`.
    public var label: String { "\(name)-\(account)" }

    init(kind: Kind, partition: String, region: String, account: String, name: String) {
        (self.kind, self.partition, self.region, self.account, self.name) = (kind, partition, region, account, name)
    }

    /// Reads an access point's ARN.
    ///
    /// - Throws: `unsupported` by name for Outposts and for Multi-Region Access Points, which take SigV4A alone.
    public init(arn: String) throws(RecognitionError) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn" else { throw .malformedTarget("\(arn) is not an ARN") }
        let rest = parts[5].split(separator: parts[5].contains("/") ? "/" : ":", omittingEmptySubsequences: false)
        if parts[2] == "s3-outposts" { throw Self.outposts }
        if parts[3].isEmpty, rest.first == "accesspoint" { throw Self.multiRegion }
        guard let kind = Kind(rawValue: parts[2]), rest.count == 2, rest[0] == "accesspoint", !parts[3].isEmpty,
            let label = Self.split("\(rest[1])-\(parts[4])")
        else { throw .malformedTarget("\(arn) is not an access point's ARN") }
        self.init(kind: kind, partition: parts[1], region: parts[3], account: label.account, name: label.name)
    }

    /// The access point that a host names in front of the site's name; nil where it names a bucket.
    ///
    /// - Parameter label: `name-account` for S3 Object Lambda; `name-account.s3-accesspoint`, `.s3-object-lambda`, either
    ///   with `.region` behind it or without.
    static func inHost(_ label: String, kind signed: Kind?, region: Region) throws(RecognitionError) -> S3AccessPoint? {
        let labels = label.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if labels.contains("mrap") { throw multiRegion }
        if labels.contains("s3-outposts") || labels.count == 2 && labels[1].hasPrefix("op-") { throw outposts }
        let kind: Kind
        switch labels.count {
        case 1:
            // By an SDK with one endpoint for all; for S3 such a name is a bucket's as well, unless the site says so.
            guard signed == .objectLambda else { return nil }
            kind = .objectLambda
        case 2, 3:
            guard let stated = Kind.allCases.first(where: { $0.hostLabel == labels[1] }) else { return nil }
            kind = stated
            guard labels.count == 2 || labels[2] == region.name else {
                throw .conflict("the host names \(labels[2]), the signature \(region.name)")
            }
        default: return nil
        }
        guard signed == kind else { throw .conflict("the host names \(kind.hostLabel), the signature another service") }
        guard let parts = split(labels[0]) else { throw .unknownHost(label) }
        return S3AccessPoint(
            kind: kind,
            partition: region.partition.id,
            region: region.name,
            account: parts.account,
            name: parts.name
        )
    }

    /// Splits `name-account`.
    private static func split(_ label: String) -> (name: String, account: String)? {
        let bytes = Array(label.utf8)
        guard bytes.count > 13, bytes[bytes.count &- 13] == 0x2D, bytes.suffix(12).allSatisfy(ASCII.isDigit) else {
            return nil
        }
        let name = bytes.dropLast(13)
        let isName = name.allSatisfy { ASCII.isDigit($0) || $0 &- 97 < 26 || $0 == 0x2D }
        guard (3...50).contains(name.count), isName, name.first != 0x2D, name.last != 0x2D else { return nil }
        return (String(decoding: name, as: UTF8.self), String(label.suffix(12)))
    }

    private static var outposts: RecognitionError { .unsupported("Access points of S3 on Outposts are not offered") }

    private static var multiRegion: RecognitionError {
        .unsupported(
            "Multi-Region Access Points take Signature Version 4A alone, which is not offered: "
                + "name an access point of one region"
        )
    }
}
