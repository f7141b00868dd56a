/// Finds operations of the query protocols: Action and Version, in the URL's query or in a form body.
struct QueryMatcher {
    let head: RequestHead
    let scope: Scope
    let services: [Service]

    /// Whether the request is a query-protocol request at all.
    var applies: Bool {
        head.target.segments.isEmpty && (head.mediaType == "application/x-www-form-urlencoded" || hasAction)
    }

    func match(_ body: [UInt8]?) throws(RecognitionError) -> Recogniser.Match? {
        if head.method == .get {
            return try match(action: value("Action"), version: value("Version"))
        }
        guard head.method == .post, head.mediaType == "application/x-www-form-urlencoded" else {
            throw .contentType(head.mediaType)
        }
        for pair in head.target.query where !SignatureQuery.isKnown(head.target.decodedText(pair.key)) {
            throw .conflict("parameters in the URL and in the body")
        }
        guard let body else { return nil }
        let form = try FormPair.split(body)
        if form.contains(where: { $0.key == "SignatureVersion" || $0.key == "AWSAccessKeyId" }) {
            throw .unsupported("Signature version 2 is not offered (SimpleDB uses it)")
        }
        return try match(action: Self.value("Action", form), version: Self.value("Version", form))
    }

    private var hasAction: Bool { head.target.query.contains { head.target.decodedText($0.key) == "Action" } }

    private func value(_ name: String) throws(RecognitionError) -> String? {
        let target = head.target
        let found = target.query.filter { target.decodedText($0.key) == name }
        guard found.count < 2 else { throw .conflict("\(name) appears twice") }
        return found.first.map { target.decodedText($0.value) }
    }

    private static func value(_ name: String, _ form: [FormPair]) throws(RecognitionError) -> String? {
        let found = form.filter { $0.key == name }
        guard found.count < 2 else { throw .conflict("\(name) appears twice") }
        return found.first?.value
    }

    private func match(action: String?, version: String?) throws(RecognitionError) -> Recogniser.Match {
        guard let action, let version else { throw .malformedBody("Action and Version are required") }
        let versioned = services.filter { $0.versionTexts.contains { $0 == version } }
        guard !versioned.isEmpty else { throw .unknownVersion(service: scope.name, version: version) }
        let operations = versioned.compactMap { $0.operation(named: action) }
        guard let first = operations.first else { throw .unknownOperation(service: scope.name, operation: action) }
        return Recogniser.Match(
            operations: operations,
            wireProtocol: first.service.protocols.contains(.ec2) ? .ec2 : .query
        )
    }
}

/// One key and value of a form body, decoded.
struct FormPair: Equatable {
    let key: String
    let value: String

    /// Cuts and decodes a form; broken encodings and invalid UTF-8 are refused.
    static func split(_ body: [UInt8]) throws(RecognitionError) -> [FormPair] {
        var pairs: [FormPair] = []
        for part in body.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < 20_000 else { throw .malformedBody("it has too many parameters") }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = equals < part.endIndex ? part[(equals &+ 1)...] : []
            pairs.append(FormPair(key: try decode(part[..<equals]), value: try decode(value)))
        }
        return pairs
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) throws(RecognitionError) -> String {
        for index in bytes.indices where bytes[index] == UInt8(ascii: "%") {
            guard index &+ 2 < bytes.endIndex, ASCII.hexValue(bytes[index &+ 1]) != nil,
                ASCII.hexValue(bytes[index &+ 2]) != nil
            else { throw .malformedBody("it has a broken percent-encoding") }
        }
        guard let text = String(validating: Percent.decode(bytes, plusIsSpace: true), as: UTF8.self) else {
            throw .malformedBody("it is not UTF-8")
        }
        return text
    }
}
