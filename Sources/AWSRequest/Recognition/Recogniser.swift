public import HTTPTypes

/// Tells which operation of which service a request is, from the request alone.
///
/// Cheap to make and to share; keeps no state.
public struct Recogniser: Sendable {
    let catalogue: Catalogue
    let hosts: SiteHosts

    /// A recogniser for a site with these host names.
    public init(catalogue: Catalogue, siteHosts: SiteHosts) {
        self.catalogue = catalogue
        hosts = siteHosts
    }

    /// Recognises a request by its head.
    ///
    /// - Parameters:
    ///   - request: Method, raw request target as `path`, raw Host as `authority`, header fields.
    ///   - entrance: What the credential or the bearer URL says.
    /// - Returns: The call, or that its body must be read first.
    public func recognise(_ request: HTTPRequest, entrance: Entrance) throws(RecognitionError) -> Recognition {
        guard let call = try attempt(request, entrance, body: nil) else { return .needsBody }
        return .call(call)
    }

    /// Recognises a request with its body as sent; gzip is undone within `InputLimits.size`.
    public func recognise(
        _ request: HTTPRequest,
        entrance: Entrance,
        body: [UInt8]
    ) throws(RecognitionError) -> RecognisedCall {
        let decoded: [UInt8]
        do { decoded = try RequestBody.decoded(body, of: request) } catch { throw .malformedBody("\(error)") }
        guard let call = try attempt(request, entrance, body: decoded) else {
            throw .malformedBody("it does not tell the operation")
        }
        return call
    }

    private func attempt(
        _ request: HTTPRequest,
        _ entrance: Entrance,
        body: [UInt8]?
    ) throws(RecognitionError) -> RecognisedCall? {
        let path = request.path ?? "/"
        let rawTarget: String
        if case .bearer = entrance, let bearer = BearerTarget(parsing: path) {
            rawTarget = bearer.target
        } else {
            rawTarget = path
        }
        if rawTarget.hasPrefix("/_postern/") || rawTarget == "/_postern" {
            throw .malformedTarget("/_postern is this gateway's own")
        }
        let scope = try Scope(entrance, in: catalogue)
        let completed = scope.completing(rawTarget)
        let head = try RequestHead(request, rawTarget: completed, hosts: hosts)
        guard let match = try find(head, scope, body) else { return nil }
        return try finish(match, head, scope, completed)
    }

    /// What was found, before region and host prefix are settled.
    struct Match {
        var operations: [Operation]
        var wireProtocol: WireProtocol
        var s3: S3Target?
        var inputTarget: String?
    }

    private func find(_ head: RequestHead, _ scope: Scope, _ body: [UInt8]?) throws(RecognitionError) -> Match? {
        let isCBOR = head.smithyProtocol != nil
        if let target = head.amzTarget {
            guard !isCBOR else { throw .conflict("X-Amz-Target and smithy-protocol") }
            return try JSONTarget(target).match(head, scope, catalogue, body)
        }
        if isCBOR { return try cborMatch(head, scope) }
        if scope.isS3, !isS3Control(head) { return try S3Matcher(head: head, scope: scope, hosts: hosts).match() }
        let isForm = head.mediaType == "application/x-www-form-urlencoded"
        let speakForm = scope.services.filter { !$0.protocols.isDisjoint(with: .form) }
        if scope.isUnsigned ? isForm && head.method == .post : !speakForm.isEmpty {
            let query = QueryMatcher(head: head, scope: scope, services: scope.isUnsigned ? scope.services : speakForm)
            if query.applies { return try query.match(body) }
        }
        if SearchForm.applies(to: head, scope) {
            guard let body else { return nil }
            let form = try SearchForm(head, body)
            var match = try restMatch(form.head, scope, body)
            match?.inputTarget = form.target
            return match
        }
        return try restMatch(head, scope, body)
    }

    private func isS3Control(_ head: RequestHead) -> Bool {
        guard head.target.pathText.hasPrefix("/v20180820/") else { return false }
        if head.accountID != nil { return true }
        if case .dotted(let label) = head.label { return label.count == 12 && label.utf8.allSatisfy(ASCII.isDigit) }
        return false
    }

    private func restMatch(_ head: RequestHead, _ scope: Scope, _ body: [UInt8]?) throws(RecognitionError) -> Match? {
        guard !head.target.hasUnstableSegment() else { throw .malformedTarget("it has an empty or dot segment") }
        let services = scope.services.filter { !$0.protocols.isDisjoint(with: .rest) && !$0.usesS3Rules }
        let outcome = RestMatcher(head: head).match(services)
        guard let first = outcome.operations.first else {
            if let (operation, key) = outcome.refusedKey {
                throw .unknownQueryKey(operation: operation.qualifiedName, key: key)
            }
            throw .noMatch(service: scope.name, method: head.methodName, path: head.target.pathText)
        }
        let operations = try TieBreaker(head: head, body: body).narrow(outcome.operations)
        guard let operations else { return nil }
        let isXML = (operations.first ?? first).service.protocols.contains(.restXML)
        return Match(operations: operations, wireProtocol: isXML ? .restXML : .restJSON)
    }

    private func cborMatch(_ head: RequestHead, _ scope: Scope) throws(RecognitionError) -> Match {
        let target = head.target
        guard head.smithyProtocol == "rpc-v2-cbor", head.method == .post else { throw .conflict("smithy-protocol") }
        guard head.mediaType == "application/cbor" || head.mediaType.isEmpty else { throw .contentType(head.mediaType) }
        guard target.segments.count == 4, target.query.isEmpty,
            target.bytes[target.segments[0]] == Array("service".utf8)[...],
            target.bytes[target.segments[2]] == Array("operation".utf8)[...]
        else { throw .conflict("smithy-protocol without /service/X/operation/Y") }
        let (name, operation) = (target.decoded(target.segments[1]), target.decoded(target.segments[3]))
        let services = catalogue.services(targetPrefix: name.span).filter {
            scope.includes($0) && $0.protocols.contains(.cbor)
        }
        guard !services.isEmpty else { throw .unknownService(String(decoding: name, as: UTF8.self)) }
        let operations = services.compactMap { $0.operation(named: operation.span) }
        guard !operations.isEmpty else {
            throw .unknownOperation(service: scope.name, operation: String(decoding: operation, as: UTF8.self))
        }
        return Match(operations: operations, wireProtocol: .cbor)
    }

    private func finish(
        _ match: Match,
        _ head: RequestHead,
        _ scope: Scope,
        _ rawTarget: String
    ) throws(RecognitionError) -> RecognisedCall {
        guard let operation = match.operations.first else { throw .noMatch(service: scope.name, method: "", path: "") }
        if operation.traits.contains(.eventStreamInput) {
            throw .unsupported("\(operation.qualifiedName) takes a stream of events over HTTP/2, which is not offered")
        }
        if scope.isUnsigned, let signed = match.operations.first(where: { !$0.traits.contains(.anonymous) }) {
            throw .signatureRequired(signed.qualifiedName)
        }
        let endpoint = EndpointRow.find(for: operation, region: scope.region, variant: [])
        guard let endpoint else { throw .unknownRegion("\(scope.region.name) for \(operation.service.id)") }
        let prefix = try hostPrefix(head.label, match, operation)
        if let account = head.accountID, !prefix.isEmpty, prefix != account + ".",
            HostPrefixTemplate(operation.hostPrefix).member == "AccountId"
        {
            throw .conflict("the account in the host is not the one in x-amz-account-id")
        }
        return RecognisedCall(
            operation: operation,
            candidates: match.operations,
            wireProtocol: match.wireProtocol,
            region: endpoint.signingRegion(in: scope.region),
            requestedRegion: scope.region,
            s3: match.s3,
            receivedHostPrefix: prefix,
            target: rawTarget,
            inputTarget: match.inputTarget
        )
    }

    /// Checks that what stands before the site's name belongs to the operation.
    private func hostPrefix(
        _ label: SiteHosts.Label,
        _ match: Match,
        _ operation: Operation
    ) throws(RecognitionError) -> String {
        let received: String
        switch label {
        case .none: return ""
        case .dotted(let text):
            if match.s3?.isVirtualHosted == true { return "" }
            received = text + "."
        case .glued(let text): received = text
        }
        guard HostPrefixTemplate(operation.hostPrefix).matches(received) else {
            throw .conflict("the host prefix \(received) does not belong to \(operation.qualifiedName)")
        }
        return received
    }
}
