internal import CMaskingRules

/// How a member is treated; the raw values stand in masking_rules.bin (scripts/make-masking-rules).
enum MemberClass: UInt8 {
    case none = 0
    case credential = 1
    case environment = 2
    case text = 3
    case bearerURL = 4
    case systemsManagerValue = 5
    case benign = 6
    case parameter = 7

    /// Whether a value is replaced whatever it is.
    var isWhole: Bool {
        switch self {
        case .credential, .environment, .bearerURL, .systemsManagerValue: true
        case .none, .text, .benign, .parameter: false
        }
    }
}

/// A place in the tries of masking_rules.bin; offset 0 is nowhere.
struct RuleNode: Equatable {
    var offset: UInt32

    static let none = RuleNode(offset: 0)

    @inline(__always) var isNone: Bool { offset == 0 }
}

/// The roots of one operation.
struct OperationRules {
    var isPayload = false
    var isEventStream = false
    var json = RuleNode.none
    var xml = RuleNode.none
    var cbor = RuleNode.none
    var headers = RuleNode.none
}

/// The rules that ship in the binary; docs/masking.md describes the file.
///
/// Every read is checked against the size, so that a damaged file finds nothing but cannot trap.
enum ModelRules {
    private static let entrySize = 24

    /// Whether the file is there and its first word is right.
    static var isUsable: Bool {
        word(0) == 0x3152_4D50 && operationCount > 0 && 8 + operationCount * entrySize < size
    }

    /// How many operations have rules.
    static var operationCount: Int { Int(word(4)) }

    /// The rules of `service.Operation`.
    static func operation(_ name: String) -> OperationRules {
        var low = 0
        var high = operationCount
        let wanted = Array(name.utf8)
        while low < high {
            let middle = (low + high) / 2
            let entry = 8 + middle * entrySize
            switch compare(nameAt: word(entry), with: wanted.span) {
            case 0:
                return OperationRules(
                    isPayload: word(entry + 4) & 1 != 0,
                    isEventStream: word(entry + 4) & 2 != 0,
                    json: RuleNode(offset: word(entry + 8)),
                    xml: RuleNode(offset: word(entry + 12)),
                    cbor: RuleNode(offset: word(entry + 16)),
                    headers: RuleNode(offset: word(entry + 20))
                )
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return OperationRules()
    }

    /// The names of operations with rules that begin with `prefix`.
    static func operations(of prefix: Substring) -> [String] {
        (0..<operationCount).compactMap { index in
            let offset = Int(word(8 + index * entrySize))
            let name = String(decoding: (0..<Int(byte(offset))).map { byte(offset + 1 + $0) }, as: UTF8.self)
            return name.hasPrefix(prefix) ? name : nil
        }
    }

    /// The class of the member at `node`.
    static func memberClass(_ node: RuleNode) -> MemberClass {
        node.isNone ? .none : MemberClass(rawValue: byte(Int(node.offset))) ?? .credential
    }

    /// The node below `node` for a member `name`, or `none`.
    static func child(_ node: RuleNode, _ name: Span<UInt8>) -> RuleNode {
        guard !node.isNone else { return .none }
        let start = Int(node.offset)
        var low = 0
        var high = Int(byte(start + 2)) | Int(byte(start + 3)) << 8
        guard high > 0 else { return .none }
        // "*" sorts before letters and stands alone where it stands.
        if compare(nameAt: word(start + 4), with: Self.anyName.span) == 0 { return RuleNode(offset: word(start + 8)) }
        while low < high {
            let middle = (low + high) / 2
            let entry = start + 4 + middle * 8
            switch compare(nameAt: word(entry), with: name) {
            case 0: return RuleNode(offset: word(entry + 4))
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return .none
    }

    private static let anyName: [UInt8] = [UInt8(ascii: "*")]

    private static var size: Int { postern_masking_rules_size }

    private static func byte(_ offset: Int) -> UInt8 {
        guard offset >= 0, offset < size else { return 0 }
        return unsafe postern_masking_rules()[offset]
    }

    private static func word(_ offset: Int) -> UInt32 {
        UInt32(byte(offset)) | UInt32(byte(offset + 1)) << 8 | UInt32(byte(offset + 2)) << 16
            | UInt32(byte(offset + 3)) << 24
    }

    /// Below, at or above 0, as the name at `offset` sorts before, with or after `name` by its bytes.
    private static func compare(nameAt offset: UInt32, with name: Span<UInt8>) -> Int {
        let count = Int(byte(Int(offset)))
        let start = Int(offset) + 1
        var index = 0
        while index < count, index < name.count {
            let mine = byte(start + index)
            let other = name[index]
            if mine != other { return mine < other ? -1 : 1 }
            index += 1
        }
        return count - name.count
    }
}
