/// Why a request is not forwarded: nothing that is unknown or ambiguous is guessed.
public enum RecognitionError: Error, Equatable, Sendable {
    /// The request target has bytes or encodings that Postern does not pass on.
    case malformedTarget(String)
    /// A header that decides on the operation appears twice.
    case repeatedHeader(String)
    /// The method would be read differently by what is behind.
    case methodOverride
    /// Two signs name different operations or protocols.
    case conflict(String)
    /// The Host is none of the site's names.
    case unknownHost(String)
    /// No service has this signing name.
    case unknownService(String)
    /// No partition has this region.
    case unknownRegion(String)
    /// The service has no such operation.
    case unknownOperation(service: String, operation: String)
    /// No operation of the services has this method, path and query.
    case noMatch(service: String, method: String, path: String)
    /// A query key that the operation does not have.
    case unknownQueryKey(operation: String, key: String)
    /// The form's Version is none that the service has.
    case unknownVersion(service: String, version: String)
    /// The content type does not go with any protocol of the service.
    case contentType(String)
    /// The body cannot be read as far as recognition needs.
    case malformedBody(String)
    /// The operation needs a signature, and the request has none.
    case signatureRequired(String)
    /// Known, but not offered; says what to do instead.
    case unsupported(String)
}

extension RecognitionError: CustomStringConvertible {
    /// What the caller reads.
    public var description: String {
        switch self {
        case .malformedTarget(let detail): "The request target is malformed: \(detail)"
        case .repeatedHeader(let name): "The header \(name) appears more than once"
        case .methodOverride: "Method override headers are not accepted"
        case .conflict(let detail): "The request contradicts itself: \(detail)"
        case .unknownHost(let host): "The host \(host) is not served here"
        case .unknownService(let name): "No AWS service with the signing name \(name) is known"
        case .unknownRegion(let name): "No AWS region named \(name) is known"
        case .unknownOperation(let service, let operation): "\(service) has no operation \(operation)"
        case .noMatch(let service, let method, let path): "No operation of \(service) has \(method) \(path)"
        case .unknownQueryKey(let operation, let key): "\(operation) has no query parameter \(key)"
        case .unknownVersion(let service, let version): "\(service) has no API version \(version)"
        case .contentType(let type): "The content type \(type) does not fit the operation"
        case .malformedBody(let detail): "The body is malformed: \(detail)"
        case .signatureRequired(let operation): "\(operation) needs a signature"
        case .unsupported(let detail): detail
        }
    }
}
