/// The type of an input member.
public struct Shape: Sendable, Hashable {
    let index: Int

    /// Kinds of shapes, folded to what parsing distinguishes.
    public enum Kind: UInt8, Sendable {
        case structure = 1, list, map, string, integer, float, boolean, timestamp, blob
    }

    /// What kind of value the shape describes.
    public var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: field(0))) ?? .string }
    /// Whether list entries or map entries repeat the member's own element, without a wrapper.
    public var isFlattened: Bool { field(0) & 1 << 8 != 0 }
    /// Whether the model marks the value as sensitive.
    public var isSensitive: Bool { field(0) & 1 << 9 != 0 }

    /// The members of a structure, in the model's order.
    public var members: some RandomAccessCollection<Member> & Sendable {
        memberRange.lazy.map { Member(index: $0) }
    }

    /// The member of a structure with this model name.
    public func member(named name: String) -> Member? { members.first { $0.nameText == name } }

    /// The member that is the whole HTTP body, if the structure has one.
    public var payload: Member? {
        guard kind == .structure, field(3) > 0 else { return nil }
        return Member(index: field(1) &+ field(3) &- 1)
    }

    /// The entries of a list, or the values of a map.
    public var element: Shape? { kind == .list || kind == .map ? Shape(index: field(1)) : nil }

    /// The wire name of a list entry (`member` where the model gives none).
    var entryName: CatalogueText { text(2) }
    /// The wire names of a map's key and value (`key`, `value` where the model gives none).
    var keyName: CatalogueText { text(2) }
    var valueName: CatalogueText { text(3) }

    var memberRange: Range<Int> { kind == .structure ? field(1)..<(field(1) &+ field(2)) : 0..<0 }

    private func field(_ number: Int) -> Int {
        let layout = CatalogueLayout.current
        return layout.field(number, of: index, in: layout.shapes, width: 4)
    }

    private func text(_ number: Int) -> CatalogueText { CatalogueLayout.current.text(field(number)) }
}

/// One member of an input structure.
public struct Member: Sendable, Hashable {
    let index: Int

    /// Where a member travels in a REST request.
    public enum Location: UInt8, Sendable {
        case body, label, query, header, prefixedHeaders, status
    }

    /// The name in the model.
    public var name: String { nameText.string }
    /// The name on the wire: query key, header, XML element, JSON key or form key.
    public var wireName: String { wireText.string }
    /// The type.
    public var shape: Shape { Shape(index: field(2)) }
    /// Where the member travels.
    public var location: Location { Location(rawValue: UInt8(truncatingIfNeeded: field(3))) ?? .body }
    /// Whether the model requires the member.
    public var isRequired: Bool { field(3) & 1 << 8 != 0 }
    /// Whether SDKs fill the member with a fresh UUID.
    public var isIdempotencyToken: Bool { field(3) & 1 << 9 != 0 }
    /// Whether the model marks the member or its type as sensitive.
    public var isSensitive: Bool { field(3) & 1 << 10 != 0 }
    /// Whether the member is a body that may be streamed.
    public var isStreaming: Bool { field(3) & 1 << 11 != 0 }
    /// Whether the member's value becomes part of the host.
    public var isHostLabel: Bool { field(3) & 1 << 12 != 0 }
    /// Whether the header's value is JSON in base64.
    public var isJSONValue: Bool { field(3) & 1 << 14 != 0 }

    var nameText: CatalogueText { CatalogueLayout.current.text(field(0)) }
    var wireText: CatalogueText { CatalogueLayout.current.text(field(1)) }

    private func field(_ number: Int) -> Int {
        let layout = CatalogueLayout.current
        return layout.field(number, of: index, in: layout.members, width: 4)
    }
}
