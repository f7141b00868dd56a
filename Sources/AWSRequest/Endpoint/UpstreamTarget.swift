/// Where a call goes, from the catalogue alone.
public struct UpstreamTarget: Sendable, Equatable {
    /// The host, for connecting, for the Host header and for the signature.
    public let host: String
    /// Raw path and query to send.
    public let target: String
    /// The service part of the credential scope.
    public let signingName: String
    /// The region part of the credential scope.
    public let signingRegion: String

    /// A target with all its parts.
    public init(host: String, target: String, signingName: String, signingRegion: String) {
        self.host = host
        self.target = target
        self.signingName = signingName
        self.signingRegion = signingRegion
    }
}

/// Why a call has no endpoint.
public enum EndpointError: Error, Equatable, Sendable {
    /// The service has no such endpoint in the partition, for example no FIPS variant.
    case noEndpoint(service: String, region: String)
    /// The customer's own endpoint answers; its name is not in the request, and none of AWS's was given.
    case customerEndpoint(service: String)
    /// The endpoint that the request names is none that the site lists for its service and region.
    case foreignEndpoint(String)
    /// The member that becomes part of the host is missing, or cannot be a host label.
    case hostLabel(member: String)
}

extension Catalogue {
    /// Where AWS answers a call.
    ///
    /// - Parameters:
    ///   - call: The call.
    ///   - input: Its input: a member may be part of the host.
    ///   - options: The site's choice of endpoint variants.
    ///   - customers: For services whose endpoint is the customer's own: which, from configuration or discovery.
    /// - Returns: Host, target and credential scope.
    public func endpoint(
        for call: RecognisedCall,
        input: ParsedInput,
        options: EndpointOptions = [],
        customers: CustomerEndpoint? = nil
    ) throws(EndpointError) -> UpstreamTarget {
        let operation = call.operation
        let service = operation.service
        let isCustomers = service.hasCustomerEndpoint && operation.name != "DescribeEndpoints"
        let region = call.requestedRegion
        if isCustomers, !region.partition.owns(customers?.host ?? "") { throw .customerEndpoint(service: service.id) }
        guard let row = EndpointRow.find(for: operation, region: region, variant: options) else {
            throw .noEndpoint(service: service.id, region: region.name)
        }
        let template = HostPrefixTemplate(operation.hostPrefix)
        guard let prefix = template.filled(with: template.member.flatMap { input.text(at: $0) }) else {
            throw .hostLabel(member: template.member ?? "")
        }
        var signingName = row.signingName.isEmpty ? service.signingName : row.signingName
        var host = prefix + row.host(in: region)
        var target = row.basePath + call.target
        if isCustomers, let customers {
            host = customers.host
            target = customers.basePath + call.target
        }
        if let accessPoint = call.s3?.accessPoint {
            if accessPoint.kind == .objectLambda, options.contains(.dualStack) {
                throw .noEndpoint(service: accessPoint.kind.rawValue, region: region.name)
            }
            signingName = accessPoint.kind.rawValue
        }
        if let s3 = call.s3, let address = S3Address(s3, call, host: host, options: options) {
            host = address.host
            if address.isExpress { signingName = "s3express" }
            if s3.isVirtualHosted, !address.isVirtualHosted { target = "/" + s3.bucket + target }
            if !s3.isVirtualHosted, address.isVirtualHosted { target = Self.withoutBucket(target) }
        }
        return UpstreamTarget(
            host: host,
            target: target,
            signingName: signingName,
            signingRegion: row.signingRegion(in: region)
        )
    }

    /// Where AWS says which host answers a call (`DescribeEndpoints`); nil where that is not needed.
    public func discoveryEndpoint(
        for call: RecognisedCall,
        options: EndpointOptions = []
    ) throws(EndpointError) -> UpstreamTarget? {
        let service = call.operation.service
        guard service.hasCustomerEndpoint, call.operation.traits.contains(.endpointDiscovery),
            call.operation.name != "DescribeEndpoints"
        else { return nil }
        let region = call.requestedRegion
        guard let row = EndpointRow.find(for: call.operation, region: region, variant: options) else {
            throw .noEndpoint(service: service.id, region: region.name)
        }
        return UpstreamTarget(
            host: row.host(in: region),
            target: "/",
            signingName: row.signingName.isEmpty ? service.signingName : row.signingName,
            signingRegion: row.signingRegion(in: region)
        )
    }

    /// The host that answers an operation, such as `sts.AssumeRole`, in a region; nil where there is none.
    public func host(of operation: String, in region: String, options: EndpointOptions = []) -> String? {
        guard let operation = self.operation(named: operation), let region = self.region(named: region) else {
            return nil
        }
        return EndpointRow.find(for: operation, region: region, variant: options)?.host(in: region)
    }

    /// Takes the first segment off a path.
    private static func withoutBucket(_ target: String) -> String {
        let rest = target.dropFirst().drop { $0 != "/" && $0 != "?" }
        return rest.hasPrefix("/") ? String(rest) : "/" + rest
    }
}

/// Where a bucket answers.
private struct S3Address {
    let host: String
    let isVirtualHosted: Bool
    let isExpress: Bool

    /// Nil where the plain endpoint serves the bucket by its path.
    init?(_ s3: S3Target, _ call: RecognisedCall, host: String, options: EndpointOptions) {
        isExpress = s3.bucket.hasSuffix("--x-s3")
        if let accessPoint = s3.accessPoint {
            let region = call.requestedRegion
            let fips = options.contains(.fips) ? "-fips" : ""
            let stack = options.contains(.dualStack) ? "dualstack." : ""
            isVirtualHosted = true
            self.host =
                "\(accessPoint.label).\(accessPoint.kind.hostLabel)\(fips).\(stack)\(region.name)"
                + ".\(region.partition.dnsSuffix)"
        } else if isExpress {
            guard let express = Self.express(s3.bucket, call, options) else { return nil }
            (self.host, isVirtualHosted) = express
        } else if s3.isVirtualHosted {
            // A bucket with dots does not fit the wildcard certificate: it goes into the path.
            isVirtualHosted = !s3.bucket.contains(".")
            self.host = isVirtualHosted ? "\(s3.bucket).\(host)" : host
        } else {
            return nil
        }
    }

    /// A directory bucket answers in the zone that its name ends with: `name--zone--x-s3`.
    private static func express(
        _ bucket: String,
        _ call: RecognisedCall,
        _ options: EndpointOptions
    ) -> (host: String, isVirtualHosted: Bool)? {
        let region = call.requestedRegion
        let fips = options.contains(.fips) ? "-fips" : ""
        let tail = (options.contains(.dualStack) ? "dualstack." : "") + "\(region.name).\(region.partition.dnsSuffix)"
        if call.operation.traits.contains(.expressControl) { return ("s3express-control\(fips).\(tail)", false) }
        let name = bucket.dropLast("--x-s3".count)
        guard let cut = name.ranges(of: "--").last, cut.upperBound < name.endIndex else { return nil }
        return ("\(bucket).s3express\(fips)-\(name[cut.upperBound...]).\(tail)", true)
    }
}
