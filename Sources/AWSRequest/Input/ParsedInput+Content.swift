extension ParsedInput {
    /// What a caller put into a call.
    public struct Content: Sendable {
        /// All values but blobs, as JSON whose names are the caller's alone.
        public fileprivate(set) var json = ""
        /// The blobs.
        public fileprivate(set) var blobs: [[UInt8]] = []
    }

    /// The input without the model's own names: keys of maps stay, names of members are left empty.
    ///
    /// A value under `MasterUserPassword` is where AWS wants a password; one under the key `DB_PASSWORD` of a map is not.
    ///
    /// - Parameters:
    ///   - isKept: whether a member's name stays, as `name` must for the `value` beside it.
    ///   - isLeftOut: whether the member at a path is none of the content.
    public func content(
        keeping isKept: (String) -> Bool,
        without isLeftOut: ([String]) -> Bool
    ) -> Content {
        var content = Content()
        var path: [String] = []
        Self.collect(root, shape, &path, isKept, isLeftOut, into: &content)
        return content
    }

    private static func collect(
        _ value: Value,
        _ shape: Shape?,
        _ path: inout [String],
        _ isKept: (String) -> Bool,
        _ isLeftOut: ([String]) -> Bool,
        into content: inout Content
    ) {
        switch value {
        case .null, .bool: content.json += "null"
        case .number(let text), .string(let text): content.json += JSONText.quoted(text)
        case .bytes(let bytes):
            content.blobs.append(bytes)
            content.json += "null"
        case .list(let values):
            content.json += "["
            for (index, value) in values.enumerated() {
                if index > 0 { content.json += "," }
                collect(value, shape?.element, &path, isKept, isLeftOut, into: &content)
            }
            content.json += "]"
        case .object(let fields):
            let isStructure = shape?.kind == .structure
            content.json += "{"
            for (index, field) in fields.enumerated() {
                if index > 0 { content.json += "," }
                content.json += JSONText.quoted(!isStructure || isKept(field.name) ? field.name : "") + ":"
                path.append(field.name)
                defer { path.removeLast() }
                let member = isStructure ? shape?.member(named: field.name) : nil
                if isLeftOut(path) {
                    content.json += "null"
                } else {
                    collect(field.value, member?.shape ?? shape?.element, &path, isKept, isLeftOut, into: &content)
                }
            }
            content.json += "}"
        }
    }
}
