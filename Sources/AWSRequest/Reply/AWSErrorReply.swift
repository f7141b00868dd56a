/// An error answer in the shape that the caller's SDK parses.
public struct AWSErrorReply: Sendable, Equatable {
    /// The HTTP status.
    public var status: Int
    /// Header names and values, without Content-Length and Date, which the caller adds.
    public var headers: [(name: String, value: String)]
    /// The body; empty for HEAD.
    public var body: [UInt8]

    /// Renders one error.
    ///
    /// - Parameters:
    ///   - code: AWS's error code, such as `AccessDenied`. The JSON protocols' `Exception` suffix is not added.
    ///   - message: What the caller reads.
    ///   - status: HTTP status.
    ///   - requestID: The id under which the call was recorded.
    ///   - wireProtocol: The protocol of the request.
    ///   - method: The HTTP method; HEAD gets no body.
    ///   - retryAfter: Seconds for Retry-After, if the caller should wait.
    /// - Returns: The answer.
    public static func render(
        code: String,
        message: String,
        status: Int,
        requestID: String,
        for wireProtocol: WireProtocol,
        method: String,
        retryAfter: Int? = nil
    ) -> AWSErrorReply {
        let error = ErrorText(code: code, message: message, requestID: requestID, isServerFault: status >= 500)
        var reply = AWSErrorReply(status: status, headers: [], body: error.body(for: wireProtocol))
        reply.headers.append(("Content-Type", wireProtocol.errorContentType))
        switch wireProtocol {
        case .s3:
            reply.headers.append(("x-amz-request-id", requestID))
            reply.headers.append(("x-amz-id-2", requestID))
        case .json10, .json11, .restJSON:
            reply.headers.append(("x-amzn-RequestId", requestID))
            reply.headers.append(("x-amzn-ErrorType", code))
        case .cbor:
            reply.headers.append(("x-amzn-RequestId", requestID))
            reply.headers.append(("smithy-protocol", "rpc-v2-cbor"))
        case .restXML, .query, .ec2:
            reply.headers.append(("x-amzn-RequestId", requestID))
        }
        if let retryAfter { reply.headers.append(("Retry-After", String(max(0, retryAfter)))) }
        if method == "HEAD" { reply.body = [] }
        return reply
    }

    /// Whether two answers are the same, header order included.
    public static func == (left: AWSErrorReply, right: AWSErrorReply) -> Bool {
        left.status == right.status && left.body == right.body
            && left.headers.elementsEqual(right.headers) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension WireProtocol {
    fileprivate var errorContentType: String {
        switch self {
        case .json10: "application/x-amz-json-1.0"
        case .json11: "application/x-amz-json-1.1"
        case .restJSON: "application/json"
        case .cbor: "application/cbor"
        case .query, .ec2, .restXML: "text/xml"
        case .s3: "application/xml"
        }
    }
}

/// The parts of an error, and how each protocol writes them.
private struct ErrorText {
    let code: String
    let message: String
    let requestID: String
    let isServerFault: Bool

    func body(for wireProtocol: WireProtocol) -> [UInt8] {
        switch wireProtocol {
        case .json10, .json11, .restJSON:
            Array("{\"__type\":\(JSONText.quoted(code)),\"message\":\(JSONText.quoted(message))}".utf8)
        case .cbor: cbor
        case .s3:
            xml(
                "<Error><Code>\(Self.escape(code))</Code><Message>\(Self.escape(message))</Message>"
                    + "<RequestId>\(Self.escape(requestID))</RequestId><HostId>\(Self.escape(requestID))</HostId></Error>"
            )
        case .query, .restXML:
            xml(
                "<ErrorResponse><Error><Type>\(isServerFault ? "Receiver" : "Sender")</Type>"
                    + "<Code>\(Self.escape(code))</Code><Message>\(Self.escape(message))</Message></Error>"
                    + "<RequestId>\(Self.escape(requestID))</RequestId></ErrorResponse>"
            )
        case .ec2:
            xml(
                "<Response><Errors><Error><Code>\(Self.escape(code))</Code><Message>\(Self.escape(message))</Message>"
                    + "</Error></Errors><RequestID>\(Self.escape(requestID))</RequestID></Response>"
            )
        }
    }

    private func xml(_ text: String) -> [UInt8] {
        Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\(text)".utf8)
    }

    /// A map of two texts: `__type` and `message`.
    private var cbor: [UInt8] {
        [0xA2] + Self.cborText("__type") + Self.cborText(code) + Self.cborText("message") + Self.cborText(message)
    }

    private static func cborText(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        let count = bytes.count
        if count < 24 { return [0x60 | UInt8(count)] + bytes }
        if count < 0x100 { return [0x78, UInt8(count)] + bytes }
        if count < 0x1_0000 { return [0x79, UInt8(count >> 8), UInt8(count & 0xFF)] + bytes }
        let size = UInt32(clamping: count)
        return [0x7A] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + bytes
    }

    /// Escapes markup and drops what XML 1.0 cannot hold.
    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case let other where other.value < 0x20 || other.value == 0xFFFE || other.value == 0xFFFF: continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
