public import HTTPTypes

extension WireProtocol {
    /// The protocol that the client of a request seems to speak, from the head alone.
    ///
    /// For refusals made before the request is recognised: a JSON error sent to a CBOR or XML client breaks its parser.
    public static func guess(from request: HTTPRequest) -> WireProtocol {
        var contentType = ""
        var hasTarget = false
        var scope = RequestScope.none
        for field in request.headerFields {
            switch field.name.canonicalName {
            case "smithy-protocol": if field.value == "rpc-v2-cbor" { return .cbor }
            case "x-amz-target": hasTarget = true
            case "content-type": contentType = String(field.value.prefix { $0 != ";" }).lowercased()
            case "authorization": scope = RequestScope(authorization: field.value) ?? scope
            default: break
            }
        }
        if hasTarget { return contentType == "application/x-amz-json-1.0" ? .json10 : .json11 }
        let path = request.path ?? "/"
        if case .none = scope { scope = RequestScope(target: path) }
        let isForm = contentType == "application/x-www-form-urlencoded"
        switch scope {
        case .service(let name): return guess(service: name, isForm: isForm || path.contains("Action="))
        case .s3Presigned: return .s3
        case .none: return isForm || path.contains("Action=") ? .query : .restJSON
        }
    }

    private static func guess(service name: String, isForm: Bool) -> WireProtocol {
        if name.hasPrefix("s3") && !["s3tables", "s3vectors", "s3files"].contains(name) { return .s3 }
        if name == "ec2" { return .ec2 }
        if isForm { return .query }
        guard let catalogue = try? Catalogue.embedded() else { return .restJSON }
        let services = catalogue.services(signingName: name)
        let found = services.isEmpty ? catalogue.service(id: name).map { [$0] } ?? [] : services
        let protocols = found.reduce(into: Set()) { $0.formUnion($1.protocols) }
        if protocols.contains(.restXML) { return .restXML }
        if protocols.isDisjoint(with: .rest), let first = protocols.protocols.last { return first }
        return .restJSON
    }
}

/// The service that a request claims to be for, before anything is verified.
private enum RequestScope {
    case none, s3Presigned
    case service(String)

    /// Reads the credential scope of an Authorization header, nil where there is none.
    init?(authorization: String) {
        guard let start = authorization.firstRange(of: "Credential=") else { return nil }
        self.init(credential: authorization[start.upperBound...].prefix { $0 != "," && $0 != " " }, separator: "/")
    }

    /// Reads a presigned query or a bearer path.
    init(target: String) {
        self = .none
        if target.hasPrefix(BearerTarget.prefix) {
            let parts = target.dropFirst(BearerTarget.prefix.count).split(separator: "/", maxSplits: 2)
            if parts.count > 1 { self = .service(String(parts[1].prefix { $0 != "?" })) }
        } else if let start = target.firstRange(of: "X-Amz-Credential=") {
            let credential = target[start.upperBound...].prefix { $0 != "&" }
            self =
                Self(credential: credential, separator: "%2F") ?? Self(credential: credential, separator: "/") ?? .none
        } else if target.contains("AWSAccessKeyId=") {
            self = .s3Presigned
        }
    }

    private init?(credential: Substring, separator: String) {
        let parts = String(credential).replacing(separator, with: "/").split(
            separator: "/",
            omittingEmptySubsequences: false
        )
        guard parts.count == 5, parts[4] == "aws4_request" else { return nil }
        self = .service(String(parts[3]))
    }
}
