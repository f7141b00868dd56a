import FastCGI
import HTTPTypes

/// Where nginx sent a request (docs/architecture.md).
enum Route: String {
    case call, refused, approval, health, metrics
}

/// A request as nginx passed it on.
struct IncomingRequest {
    /// The most header fields that are looked at.
    static let mostFields = 200

    /// Method, raw target, raw Host and the fields.
    let request: HTTPRequest
    /// nginx's id: 32 hexadecimal digits.
    let requestID: String
    /// The client's address.
    let remoteAddress: String
    /// Bytes that Content-Length promises; nil for a chunked body or none.
    let contentLength: Int64?

    /// Reads the parameters; a request that cannot be told exactly is refused.
    init(_ parameters: ParameterList) throws(Rejection) {
        guard let method = parameters.text("REQUEST_METHOD").flatMap({ HTTPRequest.Method($0) }),
            let target = parameters.text("REQUEST_URI"), let host = parameters.text("POSTERN_HOST"),
            let requestID = parameters.text("POSTERN_REQUEST_ID")
        else { throw .invalid("InvalidRequest", "The request's method, target or Host cannot be read.") }
        let fields = try Self.fields(parameters)
        request = HTTPRequest(method: method, scheme: "https", authority: host, path: target, headerFields: fields)
        self.requestID = requestID
        remoteAddress = parameters.text("REMOTE_ADDR") ?? ""
        if let length = fields[.contentLength] {
            guard let number = Int64(length), number >= 0 else {
                throw .invalid("InvalidRequest", "Content-Length is not a number.")
            }
            contentLength = number
        } else {
            contentLength = nil
        }
    }

    /// `HTTP_X_AMZ_DATE` becomes `x-amz-date`; which names had an underscore only the signature can tell (`SignatureClaim`).
    private static func fields(_ parameters: ParameterList) throws(Rejection) -> HTTPFields {
        var fields = HTTPFields()
        let prefix = "HTTP_".utf8
        var count = 0
        for parameter in parameters.all where parameter.name.starts(with: prefix) {
            let name = parameter.name.dropFirst(prefix.count).map { byte in
                switch byte {
                case UInt8(ascii: "_"): UInt8(ascii: "-")
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
                default: byte
                }
            }
            if name.elementsEqual("host".utf8) || name.elementsEqual("proxy".utf8) { continue }
            guard let text = String(validating: name, as: UTF8.self), let fieldName = HTTPField.Name(text),
                HTTPField.isValidValue(parameter.value)
            else { throw .invalid("InvalidRequest", "A header's name or value holds a byte that HTTP does not allow.") }
            count += 1
            guard count <= mostFields else {
                throw .invalid("RequestHeaderSectionTooLarge", "More than \(mostFields) headers.", status: 431)
            }
            fields.append(HTTPField(name: fieldName, value: Array(parameter.value)))
        }
        return fields
    }
}
