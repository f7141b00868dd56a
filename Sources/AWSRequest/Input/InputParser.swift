public import HTTPTypes

extension Catalogue {
    /// Reads the input of a call strictly, without changing a byte of what will be sent.
    ///
    /// - Parameters:
    ///   - call: The call.
    ///   - request: The request that it was recognised from.
    ///   - body: The body as sent (without aws-chunked framing); empty for a body that is streamed.
    /// - Returns: The input's tree under the model's names.
    public func parse(
        _ call: RecognisedCall,
        _ request: HTTPRequest,
        body: [UInt8]
    ) throws(InputError) -> ParsedInput {
        let input = call.operation.input
        // S3 takes Content-Encoding as a property of the object and never undoes it.
        let isOpaque = call.wireProtocol == .s3 || call.bodyNeed == .streaming
        let bytes = isOpaque ? body : try RequestBody.decoded(body, of: request)
        switch call.wireProtocol {
        case .json10, .json11:
            return ParsedInput(try Self.rpc(bytes, input, JSONReader.read), input)
        case .cbor:
            return ParsedInput(try Self.rpc(bytes, input, CBORReader.read), input)
        case .query, .ec2:
            let pairs = try Self.formPairs(call, request, bytes)
            return ParsedInput(try FormInput.read(pairs, shape: input, isEC2: call.wireProtocol == .ec2), input)
        case .restJSON, .restXML, .s3:
            let target = call.inputTarget ?? call.target
            let head = try RestHeadInput(target, isS3: call.wireProtocol == .s3).read(call, request)
            // A query that was written as a form has been read with the target.
            let rest = call.inputTarget == nil ? try Self.restBody(call, request, bytes) : []
            var builder = Value.ObjectBuilder()
            for field in head + rest { try builder.append(field.name, field.value) }
            let parsed = ParsedInput(.object(builder.fields), input)
            if call.wireProtocol == .s3, let source = parsed.text(at: "CopySource"), S3CopySource(source) == nil {
                throw .copySource
            }
            return parsed
        }
    }

    private static func rpc(
        _ body: [UInt8],
        _ input: Shape?,
        _ read: ([UInt8]) throws(InputError) -> Value
    ) throws(InputError) -> Value {
        if body.isEmpty { return .object([]) }
        let value = try read(body)
        guard case .object = value else { throw .malformed(offset: 0) }
        return try ModelNames.apply(input, to: value)
    }

    private static func formPairs(
        _ call: RecognisedCall,
        _ request: HTTPRequest,
        _ body: [UInt8]
    ) throws(InputError) -> [FormPair] {
        var bytes = body
        if request.method.rawValue == "GET" {
            guard body.isEmpty else { throw .unexpectedBody }
            guard let mark = call.target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
            bytes = Array(call.target.utf8[mark...].dropFirst())
            guard !bytes.contains(UInt8(ascii: "+")) else { throw .malformed(offset: 0) }
        }
        do { return try FormPair.split(bytes) } catch { throw .malformed(offset: 0) }
    }

    private static func restBody(
        _ call: RecognisedCall,
        _ request: HTTPRequest,
        _ body: [UInt8]
    ) throws(InputError) -> [Value.Field] {
        guard let input = call.operation.input, input.members.contains(where: { $0.location == .body }) else {
            guard body.isEmpty || body == Array("{}".utf8) else { throw .unexpectedBody }
            return []
        }
        if let payload = input.payload, payload.shape.kind != .structure, payload.shape.kind != .map,
            payload.shape.kind != .list
        {
            if body.isEmpty { return [] }
            if payload.shape.kind == .string {
                guard let text = String(validating: body, as: UTF8.self) else { throw .invalidText }
                return [Value.Field(payload.name, .string(text))]
            }
            return [Value.Field(payload.name, .bytes(body))]
        }
        if body.isEmpty { return [] }
        if call.wireProtocol == .restJSON { return try jsonBody(input, request, body) }
        try requireType(request, ["", "application/xml", "text/xml"])
        let root = try XMLReader.read(body)
        if let payload = input.payload {
            return [Value.Field(payload.name, try XMLInput.convert(root, payload.shape))]
        }
        return try XMLInput.members(of: root, input)
    }

    private static func jsonBody(
        _ input: Shape,
        _ request: HTTPRequest,
        _ body: [UInt8]
    ) throws(InputError) -> [Value.Field] {
        let isMember = input.members.contains { $0.location == .header && $0.wireText == "content-type" }
        if !isMember {
            try requireType(
                request,
                ["", "application/json", "application/x-amz-json-1.1", "application/x-amz-json-1.0"]
            )
        }
        let value = try JSONReader.read(body)
        if let payload = input.payload {
            return [Value.Field(payload.name, try ModelNames.apply(payload.shape, to: value))]
        }
        guard case .object = value else { throw .malformed(offset: 0) }
        return try ModelNames.apply(input, to: value).fields
    }

    private static func requireType(_ request: HTTPRequest, _ allowed: [String]) throws(InputError) {
        let value = request.headerFields[.contentType] ?? ""
        let type = String(value.prefix { $0 != ";" }).lowercased()
        guard allowed.contains(type) else { throw .contentType(type) }
    }
}
