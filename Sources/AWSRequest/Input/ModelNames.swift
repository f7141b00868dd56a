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
            if let member = shape.member(onWire: field.name) {
                result.append(Value.Field(member.name, try apply(member.shape, to: field.value)))
            } else {
                try refuseLookalike(field.name, of: shape)
                result.append(field)
            }
        }
        return result
    }

    private static func refuseLookalike(_ name: String, of shape: Shape) throws(InputError) {
        let span = name.utf8Span.span
        let isAlike = shape.members.contains {
            $0.wireText.compareIgnoringCase(to: span) == 0 || $0.nameText.compareIgnoringCase(to: span) == 0
        }
        if isAlike { throw .ambiguousName(name) }
    }
}

extension Shape {
    /// The member with this name on the wire.
    func member(onWire name: String) -> Member? {
        let span = name.utf8Span.span
        for index in memberRange where Member(index: index).wireText == span { return Member(index: index) }
        return nil
    }
}
