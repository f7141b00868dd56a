/// A host of the customer's own, and what its API puts before an operation's path.
public struct CustomerEndpoint: Sendable, Equatable {
    /// The host, one of AWS's.
    public let host: String
    /// Such as `/prod` for a stage of API Gateway; mostly empty.
    public let basePath: String

    /// Takes both; that the host is AWS's, `Catalogue.endpoint` checks.
    public init(host: String, basePath: String = "") {
        self.host = host
        self.basePath = basePath
    }
}

/// The customers' own endpoints that a site lets its agents reach: nothing else is ever connected to.
///
/// Neptune, Kinesis Video, API Gateway's connections and some more answer at hosts that no rule derives from a request.
/// An agent names one in the path that it is given as endpoint (`/_postern/endpoint/HOST`), or none where the site has a
/// single one for service and region.
public struct CustomerEndpoints: Sendable, Equatable {
    /// What the path of a request begins with that names its endpoint.
    public static let pathPrefix = "/_postern/endpoint/"

    /// One entry of the site's.
    private struct Pattern: Sendable, Equatable {
        let service: String
        /// A host, or `.` and what it must end with.
        let host: String
        let basePath: String

        var isExact: Bool { !host.hasPrefix(".") }

        func matches(_ candidate: String) -> Bool {
            if isExact { return candidate == host }
            // The star stands for one label.
            return candidate.hasSuffix(host) && !candidate.dropLast(host.utf8.count).isEmpty
                && !candidate.dropLast(host.utf8.count).contains(".")
        }
    }

    private var patterns: [Pattern] = []

    /// No endpoints.
    public init() {}

    /// Lets agents reach the hosts of a pattern for a service.
    ///
    /// - Parameters:
    ///   - text: `HOST`, `*.REST` for one label before the rest, either with `/BASE` behind it or without.
    ///   - service: botocore's name of the service, such as `neptunedata`.
    /// - Throws: what is wrong with it, for whoever wrote it.
    public mutating func add(_ text: String, service id: String, in catalogue: Catalogue)
        throws(CustomerEndpointMistake)
    {
        guard let service = catalogue.service(id: id) else { throw .unknownService(id) }
        guard service.hasCustomerEndpoint,
            !service.operations.contains(where: { $0.traits.contains(.endpointDiscovery) })
        else { throw .ordinaryService(id) }
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        var host = text[..<slash]
        let basePath = text[slash...]
        let isWildcard = host.hasPrefix("*.")
        if isWildcard { host = host.dropFirst() }
        let labels = (isWildcard ? host.dropFirst() : host).split(separator: ".", omittingEmptySubsequences: false)
        let region = labels.lazy.compactMap { catalogue.region(named: String($0)) }.first
        // `*.amazonaws.com` would be every service's host.
        guard let region, region.partition.owns("x." + labels.joined(separator: ".")),
            labels.count >= (isWildcard ? 4 : 5), labels.allSatisfy({ (1...63).contains($0.utf8.count) })
        else { throw .host(text) }
        guard basePath.isEmpty || Self.isPath(basePath) else { throw .basePath(text) }
        patterns.append(Pattern(service: id, host: String(host), basePath: String(basePath)))
    }

    private static func isPath(_ text: Substring) -> Bool {
        text.count > 1
            && text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
                !segment.isEmpty && segment != "." && segment != ".."
                    && segment.utf8.allSatisfy {
                        ASCII.isDigit($0) || ASCII.lowercased($0) &- 97 < 26 || [0x2D, 0x2E, 0x5F].contains($0)
                    }
            }
    }

    /// An endpoint that a request's path names, and the path without it.
    public struct Named: Sendable, Equatable {
        /// The endpoint.
        public let endpoint: CustomerEndpoint
        /// Path and query as the operation has them.
        public let target: String
    }

    /// The endpoint that a raw request target names; nil where it names none.
    ///
    /// - Throws: `foreignEndpoint` for one that the site does not have.
    public func named(in target: String) throws(EndpointError) -> Named? {
        guard target.hasPrefix(Self.pathPrefix) else { return nil }
        let rest = target.dropFirst(Self.pathPrefix.count)
        let host = String(rest.prefix { $0 != "/" && $0 != "?" })
        let path = rest.dropFirst(host.count)
        // The longest base path of those that fit, since one may be within another.
        let found = patterns.filter { $0.matches(host) && Self.begins(path, $0.basePath) }
            .max { $0.basePath.count < $1.basePath.count }
        guard let found else { throw .foreignEndpoint(host) }
        let own = path.dropFirst(found.basePath.count)
        return Named(
            endpoint: CustomerEndpoint(host: host, basePath: found.basePath),
            target: own.hasPrefix("/") ? String(own) : "/" + own
        )
    }

    private static func begins(_ path: Substring, _ base: String) -> Bool {
        guard path.hasPrefix(base) else { return false }
        let rest = path.dropFirst(base.count)
        return rest.isEmpty || rest.hasPrefix("/") || rest.hasPrefix("?")
    }

    /// The endpoint of a call; nil where its service has none of its own.
    ///
    /// - Parameter named: what the request's path names.
    /// - Throws: where the site has none, or several, or the named one is another service's or region's.
    public func endpoint(for call: RecognisedCall, named: CustomerEndpoint?) throws(EndpointError) -> CustomerEndpoint?
    {
        let service = call.operation.service
        let region = call.requestedRegion.name
        if let named {
            let fits = patterns.contains {
                $0.service == service.id && $0.matches(named.host) && $0.basePath == named.basePath
            }
            guard service.hasCustomerEndpoint, fits, Self.isIn(region, named.host) else {
                throw .foreignEndpoint(named.host)
            }
            return named
        }
        guard service.hasCustomerEndpoint, !call.operation.traits.contains(.endpointDiscovery),
            call.operation.name != "DescribeEndpoints"
        else { return nil }
        let single = patterns.filter { $0.service == service.id && $0.isExact && Self.isIn(region, $0.host) }
        guard single.count == 1, let pattern = single.first else { throw .customerEndpoint(service: service.id) }
        return CustomerEndpoint(host: pattern.host, basePath: pattern.basePath)
    }

    /// Whether a host is in a region, as a label of it says.
    private static func isIn(_ region: String, _ host: String) -> Bool {
        host.split(separator: ".").contains { $0 == region }
    }
}

/// What is wrong with an endpoint that a site lists.
public enum CustomerEndpointMistake: Error, Equatable, Sendable {
    /// botocore has no such service.
    case unknownService(String)
    /// The service's endpoint follows from the request, or AWS is asked for it.
    case ordinaryService(String)
    /// The host is not one of AWS's in one region, or its pattern is too wide.
    case host(String)
    /// What follows the host is no plain path.
    case basePath(String)
}

extension CustomerEndpointMistake: CustomStringConvertible {
    /// For whoever wrote the configuration.
    public var description: String {
        switch self {
        case .unknownService(let id): "has \(id), which is no service of botocore's"
        case .ordinaryService(let id): "has \(id), whose endpoint Postern knows by itself"
        case .host(let text): "has \(text), which must be a host of AWS's in one region, or *. before such a name"
        case .basePath(let text): "has \(text), whose path must be plain, such as /prod"
        }
    }
}
