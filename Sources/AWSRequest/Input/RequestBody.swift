internal import Compression
public import HTTPTypes

/// A request's body as the operation sees it.
public enum RequestBody {
    /// Undoes `Content-Encoding: gzip` within a bound; the signature covers the bytes as sent.
    ///
    /// - Throws: `contentEncoding` for any other encoding, `tooLarge` over `InputLimits.size`.
    public static func decoded(_ body: [UInt8], of request: HTTPRequest) throws(InputError) -> [UInt8] {
        var encodings: [String] = []
        for field in request.headerFields where field.name.canonicalName == "content-encoding" {
            for part in field.value.split(separator: ",") {
                let name = String(part.filter { $0 != " " }).lowercased()
                if name != "identity", name != "aws-chunked", !name.isEmpty { encodings.append(name) }
            }
        }
        guard body.count <= InputLimits.size else { throw .tooLarge }
        if encodings.isEmpty { return body }
        guard encodings == ["gzip"] else { throw .contentEncoding(encodings.joined(separator: ", ")) }
        return try inflated(body)
    }

    private static func inflated(_ body: [UInt8]) throws(InputError) -> [UInt8] {
        do {
            var inflater = try Inflater(format: .gzip, maximumOutput: InputLimits.size)
            var output: [UInt8] = []
            try inflater.write(body.span, to: &output)
            try inflater.finish()
            return output
        } catch {
            switch error {
            case .outputTooLarge, .ratioTooHigh, .outOfMemory: throw .tooLarge
            case .malformed, .truncated, .failed: throw .contentEncoding("gzip")
            }
        }
    }
}
