/// Reads the parameters of the query and EC2 protocols into a tree with the model's names.
struct FormInput {
    private let isEC2: Bool

    /// One level of `A.B.1.C`: what was given for the key itself, and what is below it.
    final class Node {
        var value: String?
        var children: [(key: String, node: Node)] = []
        private var index: [String: Node] = [:]

        func child(_ key: String) -> Node {
            if let node = index[key] { return node }
            let node = Node()
            index[key] = node
            children.append((key, node))
            return node
        }

        subscript(key: String) -> Node? { index[key] }
    }

    /// Reads all parameters but Action and Version, and those of a presigned URL's signature.
    static func read(_ pairs: [FormPair], shape: Shape?, isEC2: Bool) throws(InputError) -> Value {
        let root = Node()
        for pair in pairs where !isProtocolKey(pair.key) {
            var node = root
            var depth = 0
            for part in pair.key.split(separator: ".", omittingEmptySubsequences: false) {
                depth &+= 1
                guard depth <= InputLimits.depth else { throw .tooDeep }
                node = node.child(String(part))
            }
            guard node.value == nil else { throw .duplicate(pair.key) }
            node.value = pair.value
        }
        return try FormInput(isEC2: isEC2).structure(root, shape)
    }

    private static func isProtocolKey(_ key: String) -> Bool {
        key == "Action" || key == "Version" || SignatureQuery.isKnown(key)
    }

    private func convert(_ node: Node, _ shape: Shape?) throws(InputError) -> Value {
        switch shape?.kind {
        case .structure: return try structure(node, shape)
        case .list: return try list(node, shape)
        case .map: return try map(node, shape)
        case nil: return try unknown(node)
        default:
            guard node.children.isEmpty else { throw .conflict(node.children[0].key) }
            return .string(node.value ?? "")
        }
    }

    private func structure(_ node: Node, _ shape: Shape?) throws(InputError) -> Value {
        guard node.value == nil || node.children.isEmpty else { throw .conflict(node.children[0].key) }
        var builder = Value.ObjectBuilder()
        for (key, child) in node.children {
            guard let shape, let member = try shape.documentMember(key) else {
                try builder.append(key, unknown(child))
                continue
            }
            try builder.append(member.name, convert(child, member.shape))
        }
        return .object(builder.fields)
    }

    private func list(_ node: Node, _ shape: Shape?) throws(InputError) -> Value {
        var entries = node
        if !isEC2, node.children.count == 1, let only = node.children.first, Int(only.key) == nil {
            guard only.key == "member" || shape?.entryName == only.key else { throw .conflict(only.key) }
            entries = only.node
        }
        if entries.children.isEmpty { return .list([]) }
        var values: [Value] = []
        for (_, child) in try numbered(entries) { values.append(try convert(child, shape?.element)) }
        return .list(values)
    }

    private func map(_ node: Node, _ shape: Shape?) throws(InputError) -> Value {
        var entries = node
        if node.children.count == 1, let entry = node["entry"] { entries = entry }
        var builder = Value.ObjectBuilder()
        for (_, child) in try numbered(entries) {
            let key = child["key"] ?? child[shape?.keyName.string ?? "key"] ?? child["Name"]
            let value = child["value"] ?? child[shape?.valueName.string ?? "value"] ?? child["Value"]
            guard let name = key?.value, let value, child.children.count == 2 else { throw .malformed(offset: 0) }
            try builder.append(name, convert(value, shape?.element))
        }
        return .object(builder.fields)
    }

    /// Children in the order of their numbers; anything but a plain number is refused.
    private func numbered(_ node: Node) throws(InputError) -> [(Int, Node)] {
        var result: [(Int, Node)] = []
        for (key, child) in node.children {
            guard key.utf8.count < 10, let number = Int(key), String(number) == key, number >= 0 else {
                throw .conflict(key)
            }
            result.append((number, child))
        }
        return result.sorted { $0.0 < $1.0 }
    }

    private func unknown(_ node: Node) throws(InputError) -> Value {
        if node.children.isEmpty { return .string(node.value ?? "") }
        guard node.value == nil else { throw .conflict(node.children[0].key) }
        return try structure(node, nil)
    }
}
