/// Gives the members of a JSON or CBOR tree their names in the model.
///
/// What the model does not know keeps its name, so that newer SDKs work; a name that differs from a known one in
/// letter case only is refused, because some services would take it for the known one.
enum ModelNames {
    static func apply(_ shape: Shape?, to value: Value) throws(InputError) -> Value {
        guard let shape else { return value }
        switch (shape.kind, value) {
        case (.structure, .object(let fields)): return .object(try members(of: shape, fields))
        case (.list, .list(let values)):
            var result: [Value] = []
            result.reserveCapacity(values.count)
            for value in values { result.append(try apply(shape.element, to: value)) }
            return .list(result)
        case (.map, .object(let fields)):
            var result: [Value.Field] = []
            result.reserveCapacity(fields.count)
            for field in fields { result.append(Value.Field(field.name, try apply(shape.element, to: field.value))) }
            return .object(result)
        default: return value
        }
    }

    private static func members(of shape: Shape, _ fields: [Value.Field]) throws(InputError) -> [Value.Field] {
        var result: [Value.Field] = []
        result.reserveCapacity(fields.count)
        for field in fields {
            if let member = try shape.bodyMember(field.name) {
                result.append(Value.Field(member.name, try apply(member.shape, to: field.value)))
            } else {
                result.append(field)
            }
        }
        return result
    }
}

extension Shape {
    /// The member with this name in a body; nil for names that the model does not know.
    ///
    /// - Throws: `ambiguousName` for an unknown name that is like a known one, or like a member's name in the model:
    ///   it would stand in for that member. `conflict` for a member that travels elsewhere: AWS would not see it here.
    func bodyMember(_ name: String) throws(InputError) -> Member? {
        if let member = member(onWire: name) {
            guard member.location == .body else { throw .conflict(name) }
            return member
        }
        let span = name.utf8Span.span
        for member in members
        where member.wireText.compareIgnoringCase(to: span) == 0 || member.nameText.compareIgnoringCase(to: span) == 0 {
            throw .ambiguousName(name)
        }
        return nil
    }

    /// The member with this name on the wire.
    func member(onWire name: String) -> Member? {
        let span = name.utf8Span.span
        for index in memberRange where Member(index: index).wireText == span { return Member(index: index) }
        return nil
    }

    /// As `bodyMember`, for forms and XML, where a flattened list may go by the name of its entries.
    func documentMember(_ name: String) throws(InputError) -> Member? {
        let list = members.first { $0.shape.kind == .list && $0.shape.isFlattened && $0.shape.entryName == name }
        if let list { return list }
        return try bodyMember(name)
    }
}
