/// Region and services that an entrance names, looked up.
struct Scope: Sendable {
    let name: String
    let region: Region
    let services: [Service]
    let isUnsigned: Bool

    init(_ entrance: Entrance, in catalogue: Catalogue) throws(RecognitionError) {
        let regionName: String
        switch entrance {
        case .signed(let region, let service):
            (regionName, name, isUnsigned) = (region, service, false)
            services = catalogue.services(signingName: service)
        case .bearer(let region, let service):
            (regionName, name, isUnsigned) = (region, service, false)
            let sharing = catalogue.services(signingName: service)
            services = sharing.isEmpty ? catalogue.service(id: service).map { [$0] } ?? [] : sharing
        case .unsigned(let region):
            (regionName, name, isUnsigned) = (region, "AWS without a signature", true)
            services = Self.anonymousServices
        }
        guard !services.isEmpty else { throw .unknownService(name) }
        guard let region = catalogue.region(named: regionName) else { throw .unknownRegion(regionName) }
        self.region = region
    }

    /// Whether S3's rules apply to the path.
    var isS3: Bool { !isUnsigned && services.contains { $0.usesS3Rules } }

    /// A target with the base path that older SDKs leave to the endpoint.
    func completing(_ target: String) -> String {
        guard services.count == 1, let base = services.first?.formerBasePath, !base.isEmpty,
            !target.hasPrefix(base + "/")
        else { return target }
        return base + target
    }

    func includes(_ service: Service) -> Bool { services.contains(service) }

    /// Services with operations that need no signature.
    private static let anonymousServices: [Service] = (0..<CatalogueLayout.current.services.count)
        .map { Service(index: $0) }
        .filter { service in service.operations.contains { $0.traits.contains(.anonymous) } }
}

/// The value of X-Amz-Target: target prefix and operation.
struct JSONTarget {
    private let prefix: [UInt8]
    private let operation: [UInt8]
    private let text: String

    init(_ text: String) throws(RecognitionError) {
        let bytes = Array(text.utf8)
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")) else {
            throw .unknownOperation(service: "X-Amz-Target", operation: text)
        }
        prefix = Array(bytes[..<dot])
        operation = Array(bytes[(dot &+ 1)...])
        self.text = text
    }

    func match(
        _ head: RequestHead,
        _ scope: Scope,
        _ catalogue: Catalogue,
        _ body: [UInt8]?
    ) throws(RecognitionError) -> Recogniser.Match? {
        let wireProtocol: WireProtocol
        switch head.mediaType {
        case "application/x-amz-json-1.0": wireProtocol = .json10
        case "application/x-amz-json-1.1": wireProtocol = .json11
        // Java SDKs before Smithy RPC v2 send the same calls in CBOR to Kinesis.
        case "application/x-amz-cbor-1.1" where scope.name == "kinesis": wireProtocol = .cbor
        default: throw .contentType(head.mediaType)
        }
        guard head.method == .post, head.target.segments.isEmpty else { throw .conflict("X-Amz-Target needs POST /") }
        for pair in head.target.query where !SignatureQuery.isKnown(head.target.decodedText(pair.key)) {
            throw .conflict("X-Amz-Target together with a query")
        }
        let services = catalogue.services(targetPrefix: prefix.span).filter { scope.includes($0) }
        guard !services.isEmpty else {
            throw .conflict("X-Amz-Target \(text) does not belong to \(scope.name)")
        }
        let operations = services.compactMap { $0.operation(named: operation.span) }
        guard !operations.isEmpty else {
            throw .unknownOperation(service: services[0].id, operation: String(decoding: operation, as: UTF8.self))
        }
        guard let left = try TieBreaker(head: head, body: body).narrow(operations) else { return nil }
        return Recogniser.Match(operations: left, wireProtocol: wireProtocol)
    }
}
