/// The rules of a profile: the built-in ones, and above them the members that the profile adds or excepts.
struct RuleTable: Sendable {
    /// A place in the profile's own tries; its built-in counterpart, if any, is below it.
    private struct Place: Sendable {
        var base: RuleNode
        var children: [(name: [UInt8], place: Int)] = []
        var memberClass: MemberClass?
    }

    /// Marks offsets that are places here.
    private static let mark: UInt32 = 0x8000_0000

    private let usesModel: Bool
    private var places: [Place] = []
    /// Root place by operation, then by form: JSON, XML, CBOR.
    private var roots: [String: [Int]] = [:]
    private var rules: [MaskingProfile.Member]

    /// The rules of `profile`.
    init(_ profile: MaskingProfile) throws(MaskingError) {
        usesModel = profile.masksByModel
        rules = profile.members
        for member in profile.members {
            guard member.operation.split(separator: ".").count == 2, !member.path.split(separator: "/").isEmpty else {
                throw .invalidProfile(reason: "member \(member.operation) \(member.path)")
            }
        }
        for member in profile.members where roots[member.operation] == nil {
            build(member.operation)
            guard member.operation.hasSuffix(".*") else { continue }
            for operation in ModelRules.operations(of: member.operation.dropLast()) where roots[operation] == nil {
                build(operation)
            }
        }
    }

    /// The roots of an operation.
    func operation(_ name: String) -> OperationRules {
        var result = usesModel ? ModelRules.operation(name) : OperationRules()
        if let own = roots[name] ?? roots[name.prefix { $0 != "." } + ".*"], own.count == 3 {
            result.json = RuleNode(offset: Self.mark | UInt32(own[0]))
            result.xml = RuleNode(offset: Self.mark | UInt32(own[1]))
            result.cbor = RuleNode(offset: Self.mark | UInt32(own[2]))
        }
        return result
    }

    /// The class of the member at `node`.
    @inline(__always)
    func memberClass(_ node: RuleNode) -> MemberClass {
        guard node.offset >= Self.mark else { return ModelRules.memberClass(node) }
        let place = places[Int(node.offset & ~Self.mark)]
        return place.memberClass ?? ModelRules.memberClass(place.base)
    }

    /// The node below `node` for a member `name`, or none.
    @inline(__always)
    func child(_ node: RuleNode, _ name: Span<UInt8>) -> RuleNode {
        let found = builtInOrOwn(node, name)
        // What is inside of a secret is secret.
        return found.isNone && !node.isNone && memberClass(node).isWhole ? node : found
    }

    @inline(__always)
    private func builtInOrOwn(_ node: RuleNode, _ name: Span<UInt8>) -> RuleNode {
        guard node.offset >= Self.mark else { return ModelRules.child(node, name) }
        let place = places[Int(node.offset & ~Self.mark)]
        for (own, index) in place.children where matches(own, name) {
            return RuleNode(offset: Self.mark | UInt32(index))
        }
        return ModelRules.child(place.base, name)
    }

    private func matches(_ own: [UInt8], _ name: Span<UInt8>) -> Bool {
        if own.count == 1, own.first == Byte.star { return true }
        guard own.count == name.count else { return false }
        for index in own.indices where own[index] != name[index] { return false }
        return true
    }

    /// Makes the tries of one operation from the rules that name it or its service.
    private mutating func build(_ operation: String) {
        let model = usesModel ? ModelRules.operation(operation) : OperationRules()
        let service = operation.prefix { $0 != "." }
        roots[operation] = [model.json, model.xml, model.cbor].map { base in
            let root = places.count
            places.append(Place(base: base))
            for rule in rules where rule.operation == operation || rule.operation == service + ".*" {
                add(rule, below: root)
            }
            return root
        }
    }

    private mutating func add(_ rule: MaskingProfile.Member, below root: Int) {
        var index = root
        for part in rule.path.split(separator: "/") {
            let name = Array(part.utf8)
            if let known = places[index].children.first(where: { $0.name == name }) {
                index = known.place
                continue
            }
            let next = places.count
            places.append(Place(base: ModelRules.child(places[index].base, name.span)))
            // Names before "*", so that the more special rule wins.
            if name == [Byte.star] {
                places[index].children.append((name, next))
            } else {
                places[index].children.insert((name, next), at: 0)
            }
            index = next
        }
        places[index].memberClass = rule.isMasked ? .credential : .benign
    }
}
