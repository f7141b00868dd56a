import HTTPTypes

/// The members of a REST request that travel in its path, query and header fields.
struct RestHeadInput {
    private let target: RequestTarget
    private let isS3: Bool

    init(_ target: String, isS3: Bool) throws(InputError) {
        do { self.target = try RequestTarget(target) } catch { throw .malformed(offset: 0) }
        self.isS3 = isS3
    }

    func read(_ call: RecognisedCall, _ request: HTTPRequest) throws(InputError) -> [Value.Field] {
        guard let input = call.operation.input else { return [] }
        var builder = Value.ObjectBuilder()
        try labels(call, input, &builder)
        var cached: HeadFields?
        for member in input.members {
            switch member.location {
            case .query: if let value = try query(member) { try builder.append(member.name, value) }
            case .header, .prefixedHeaders:
                let fields: HeadFields
                if let cached { fields = cached } else { fields = try self.fields(request) }
                cached = fields
                let value = try member.location == .header ? header(member, fields) : headers(member, fields)
                if let value { try builder.append(member.name, value) }
            case .body, .label, .status: continue
            }
        }
        let maps = input.members.filter { $0.location == .query && $0.shape.kind == .map }
        if let map = maps.first { try builder.append(map.name, .object(freeQuery(call.operation, input))) }
        return builder.fields
    }

    private func labels(_ call: RecognisedCall, _ input: Shape, _ builder: inout Value.ObjectBuilder) throws(InputError)
    {
        if let s3 = call.s3 {
            if let bucket = input.member(named: "Bucket") { try builder.append(bucket.name, .string(s3.bucket)) }
            if let key = s3.key, input.member(named: "Key") != nil {
                guard let text = String(validating: key, as: UTF8.self) else { throw .invalidText }
                try builder.append("Key", .string(text))
            }
            return
        }
        var template = TemplateSegments(call.operation.pathText)
        var position = 0
        while let segment = template.next(), position < target.segments.count {
            var end = position &+ 1
            if segment.kind == .greedy { end = max(end, target.segments.count &- template.remaining) }
            if segment.kind != .literal {
                let range =
                    target.segments[position]
                    .lowerBound..<target.segments[min(end, target.segments.count) &- 1].upperBound
                let name = segment.text
                let member = input.members.first {
                    $0.location == .label && (name == $0.wireText || name == $0.nameText)
                }
                try builder.append(member?.name ?? name.string, .string(text(range)))
            }
            position = end
        }
    }

    private func query(_ member: Member) throws(InputError) -> Value? {
        guard member.shape.kind != .map else { return nil }
        let found = target.query.filter { target.matches($0.key, member.wireText) }
        if found.isEmpty { return nil }
        if member.shape.kind == .list {
            var values: [Value] = []
            for pair in found { values.append(.string(try queryText(pair.value))) }
            return .list(values)
        }
        guard found.count == 1 else { throw .duplicate(member.wireName) }
        return .string(try queryText(found[0].value))
    }

    /// Keys that no other member and no constant has belong to the operation's map of query parameters.
    private func freeQuery(_ operation: Operation, _ input: Shape) throws(InputError) -> [Value.Field] {
        var order: [String] = []
        var values: [String: [Value]] = [:]
        for pair in target.query {
            let key = try text(pair.key)
            let isOther =
                SignatureQuery.isKnown(key) || operation.constantQuery.texts.contains { $0 == key }
                || input.members.contains { $0.location == .query && $0.shape.kind != .map && $0.wireText == key }
            if isOther { continue }
            if values[key] == nil { order.append(key) }
            values[key, default: []].append(.string(try queryText(pair.value)))
        }
        return order.map { key in
            let all = values[key] ?? []
            return Value.Field(key, all.count == 1 ? all[0] : .list(all))
        }
    }

    private func header(_ member: Member, _ fields: HeadFields) throws(InputError) -> Value? {
        let found = fields[member.wireText]
        if found.isEmpty { return nil }
        if member.shape.kind == .list {
            return .list(found.flatMap { $0.split(separator: ",").map { Value.string(Self.trimmed($0)) } })
        }
        guard found.count == 1 else { throw .duplicate(member.wireName) }
        return .string(found[0])
    }

    private func headers(_ member: Member, _ fields: HeadFields) throws(InputError) -> Value? {
        let prefix = member.wireName
        var builder = Value.ObjectBuilder()
        for (name, value) in fields.all where name.hasPrefix(prefix) {
            try builder.append(String(name.dropFirst(prefix.count)), .string(value))
        }
        return builder.fields.isEmpty ? nil : .object(builder.fields)
    }

    /// The header fields, and for S3 what a presigned URL carries of them in its query.
    private func fields(_ request: HTTPRequest) throws(InputError) -> HeadFields {
        var fields = HeadFields(request)
        guard isS3 else { return fields }
        for pair in target.query {
            let key = try text(pair.key)
            let name = key.lowercased()
            if name.hasPrefix("x-amz-"), !SignatureQuery.isKnown(key) { fields.append(name, try queryText(pair.value)) }
        }
        return fields
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    private func text(_ range: Range<Int>) throws(InputError) -> String {
        guard let text = String(validating: target.decoded(range), as: UTF8.self) else { throw .invalidText }
        return text
    }

    /// A plus sign in a query is a space to some services and a plus to others: it must be encoded.
    private func queryText(_ range: Range<Int>) throws(InputError) -> String {
        guard !target.bytes[range].contains(UInt8(ascii: "+")) else { throw .malformed(offset: range.lowerBound) }
        return try text(range)
    }
}
