/// How a request came in, and what that says about region and service.
public enum Entrance: Sendable, Equatable {
    /// SigV4, header or query: region and service of the credential scope.
    case signed(region: String, service: String)
    /// A bearer URL: region and service of its path (`BearerTarget`).
    case bearer(region: String, service: String)
    /// Neither: only operations that AWS takes without a signature; `region` is the site's default.
    case unsigned(region: String)
}

/// The parts of `/_postern/aws/{region}/{service}/{path as AWS has it}`.
public struct BearerTarget: Sendable, Equatable {
    /// What every bearer URL's path begins with.
    public static let prefix = "/_postern/aws/"

    /// The region segment.
    public let region: String
    /// The service segment: a signing name or a botocore service name.
    public let service: String
    /// Path and query as AWS has it, beginning with a slash.
    public let target: String

    /// Reads a raw request target; nil where it is not a bearer URL.
    public init?(parsing target: String) {
        guard target.hasPrefix(Self.prefix) else { return nil }
        let parts = target.dropFirst(Self.prefix.count).split(
            separator: "/",
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard parts.count == 3, Self.isName(parts[0]), Self.isName(parts[1]) else { return nil }
        region = String(parts[0])
        service = String(parts[1])
        self.target = "/" + parts[2]
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { $0 == 0x2D || $0 == 0x5F || ASCII.isDigit($0) || ASCII.lowercased($0) &- 97 < 26 }
    }
}

/// The names under which agents reach this site.
///
/// Told so that an S3 bucket, an account id or a host prefix in front of the site's name can be read off the Host.
public struct SiteHosts: Sendable, Equatable {
    /// Host names in lower case, without port; empty when every Host is taken as the site itself.
    public let names: [String]

    /// Access points that agents reach as `name-account` in front of a name, where a bucket's name could be the same.
    public let accessPoints: [S3AccessPoint]

    /// Takes the site's names in any letter case, and the access points that it lists.
    public init(_ names: [String], accessPoints: [S3AccessPoint] = []) {
        self.names = names.map { $0.lowercased() }
        self.accessPoints = accessPoints
    }

    /// The listed access point of a label and region; nil where that is a bucket's.
    func accessPoint(label: String, region: Region) -> S3AccessPoint? {
        accessPoints.first { $0.label == label && $0.region == region.name && $0.partition == region.partition.id }
    }

    /// What stands before the site's name.
    enum Label: Equatable {
        case none
        /// Complete labels, without the dot after them: `mybucket`, `111122223333`, `cp.maps`.
        case dotted(String)
        /// A prefix that ends in a hyphen, glued to the first label: `stream-`.
        case glued(String)
    }

    /// Splits a Host header; nil where it does not end in a name of the site.
    func label(of host: String) -> Label? {
        if names.isEmpty { return Label.none }
        let name = Self.withoutPort(host).lowercased()
        var found: Label?
        for site in names where name.hasSuffix(site) {
            let before = name.dropLast(site.count)
            if before.isEmpty { return Label.none }
            if before.hasSuffix(".") { found = .dotted(String(before.dropLast())) }
            if before.hasSuffix("-"), !before.contains(".") { found = found ?? .glued(String(before)) }
        }
        return found
    }

    private static func withoutPort(_ host: String) -> Substring {
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return host[...end] }
        return host.prefix { $0 != ":" }
    }
}
