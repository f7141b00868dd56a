/// Turns an XML body into a tree with the model's names.
enum XMLInput {
    static func convert(_ element: XMLElement, _ shape: Shape?) throws(InputError) -> Value {
        switch shape?.kind {
        case .structure: return .object(try members(of: element, shape))
        case .list:
            var values: [Value] = []
            let entryName = shape?.entryName
            for child in element.children {
                guard child.name == "member" || entryName == child.name else { throw .conflict(child.name) }
                values.append(try convert(child, shape?.element))
            }
            return .list(values)
        case .map:
            var builder = Value.ObjectBuilder()
            for entry in element.children { try append(entry, shape, &builder) }
            return .object(builder.fields)
        case nil: return try unknown(element)
        default:
            guard element.children.isEmpty else { throw .conflict(element.name) }
            return .string(element.text)
        }
    }

    /// The members of a structure; entries of a flattened list are its elements of the same name.
    static func members(of element: XMLElement, _ shape: Shape?) throws(InputError) -> [Value.Field] {
        var builder = Value.ObjectBuilder()
        var lists: [(member: Member, values: [Value])] = []
        for child in element.children {
            guard let shape, let member = try shape.documentMember(child.name)
            else {
                try builder.append(child.name, unknown(child))
                continue
            }
            if member.shape.kind == .list, member.shape.isFlattened {
                let value = try convert(child, member.shape.element)
                if let index = lists.firstIndex(where: { $0.member == member }) {
                    lists[index].values.append(value)
                } else {
                    lists.append((member, [value]))
                }
            } else {
                try builder.append(member.name, convert(child, member.shape))
            }
        }
        for (name, value) in element.attributes where !name.hasPrefix("xmlns") {
            try builder.append(shape?.member(onWire: name)?.name ?? name, .string(value))
        }
        for (member, values) in lists { try builder.append(member.name, .list(values)) }
        return builder.fields
    }

    private static func append(
        _ entry: XMLElement,
        _ shape: Shape?,
        _ builder: inout Value.ObjectBuilder
    ) throws(InputError) {
        let (keyName, valueName) = (shape?.keyName, shape?.valueName)
        let key = entry.children.first { $0.name == "key" || keyName == $0.name }
        let value = entry.children.first { $0.name == "value" || valueName == $0.name }
        guard let key, let value, entry.children.count == 2 else { throw .conflict(entry.name) }
        try builder.append(key.text, convert(value, shape?.element))
    }

    private static func unknown(_ element: XMLElement) throws(InputError) -> Value {
        element.children.isEmpty ? .string(element.text) : .object(try members(of: element, nil))
    }
}

extension Optional<CatalogueText> {
    static func == (text: CatalogueText?, other: String) -> Bool {
        if let text { return text == other }
        return false
    }
}
