import HTTPTypes

/// What recognition needs of a request's head, collected in one pass over the header fields.
struct RequestHead: Sendable {
    private(set) var method: MethodCode
    private(set) var methodName: String
    private(set) var target: RequestTarget
    let label: SiteHosts.Label
    /// Lower-case names of the header fields.
    let headerNames: [String]
    let amzTarget: String?
    /// The media type in lower case, without parameters; empty where there is none.
    let mediaType: String
    let smithyProtocol: String?
    let accountID: String?

    init(_ request: HTTPRequest, rawTarget: String, hosts: SiteHosts) throws(RecognitionError) {
        target = try RequestTarget(rawTarget)
        methodName = request.method.rawValue
        method = MethodCode(methodName)
        var names: [String] = []
        names.reserveCapacity(request.headerFields.count)
        var single = SingleFields()
        for field in request.headerFields {
            let name = field.name.canonicalName
            names.append(name)
            try single.take(name, field.value)
        }
        headerNames = names
        amzTarget = single.amzTarget
        mediaType = single.contentType.map { Self.mediaType($0) } ?? ""
        smithyProtocol = single.smithyProtocol
        accountID = single.accountID
        let host = request.authority ?? ""
        guard let label = hosts.label(of: host) else { throw .unknownHost(host) }
        self.label = label
    }

    /// The same head for a GET of another target.
    func asGet(of target: RequestTarget) -> RequestHead {
        var head = self
        (head.method, head.methodName, head.target) = (MethodCode("GET"), "GET", target)
        return head
    }

    func hasHeader(_ name: CatalogueText) -> Bool { headerNames.contains { name == $0 } }

    private static func mediaType(_ value: String) -> String {
        var text = value.prefix { $0 != ";" }
        while text.last == " " { text.removeLast() }
        return text.lowercased()
    }

    /// Header fields that decide on the operation and so may appear once only.
    private struct SingleFields {
        var amzTarget: String?
        var contentType: String?
        var smithyProtocol: String?
        var accountID: String?

        mutating func take(_ name: String, _ value: String) throws(RecognitionError) {
            switch name {
            case "x-amz-target": try Self.set(&amzTarget, name, value)
            case "content-type": try Self.set(&contentType, name, value)
            case "smithy-protocol": try Self.set(&smithyProtocol, name, value)
            case "x-amz-account-id": try Self.set(&accountID, name, value)
            case "x-http-method-override", "x-http-method", "x-method-override": throw .methodOverride
            default: break
            }
        }

        private static func set(_ field: inout String?, _ name: String, _ value: String) throws(RecognitionError) {
            guard field == nil, name == "content-type" || !value.contains(",") else { throw .repeatedHeader(name) }
            field = value
        }
    }
}
