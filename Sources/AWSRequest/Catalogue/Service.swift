/// One AWS service of the catalogue.
public struct Service: Sendable, Hashable {
    let index: Int

    /// botocore's name, such as `stepfunctions`.
    public var id: String { idText.string }
    /// The service part of a credential scope, such as `states`.
    public var signingName: String { text(1).string }
    /// The part of an IAM action before the colon.
    public var iamPrefix: String { text(2).string }
    /// The part of X-Amz-Target before the last dot; empty where the service has none.
    public var targetPrefix: String { targetPrefixText.string }
    /// API versions known to botocore, oldest first.
    public var apiVersions: [String] { versionTexts.map(\.string) }
    /// The wire protocols that the service accepts.
    public var protocols: WireProtocol.Set { WireProtocol.Set(rawValue: UInt8(truncatingIfNeeded: field(7))) }
    /// Whether the customer's own endpoint answers, which no rule can derive from the request.
    public var hasCustomerEndpoint: Bool { field(8) & 2 != 0 }
    /// Whether JSON errors of this service also carry the query protocol's codes.
    public var isQueryCompatible: Bool { field(8) & 4 != 0 }
    /// The XML namespace of query answers, empty where the model has none.
    public var xmlNamespace: String { text(13).string }

    /// All operations, ordered by name.
    public var operations: some RandomAccessCollection<Operation> & Sendable {
        operationRange.lazy.map { Operation(index: $0) }
    }

    /// The operation with exactly this name.
    public func operation(named name: String) -> Operation? { operation(named: name.utf8Span.span) }

    func operation(named name: Span<UInt8>) -> Operation? {
        operationRange.binarySearch { Operation(index: $0).nameText.compare(to: name) }.map { Operation(index: $0) }
    }

    /// What older SDKs leave out in front of every path, such as `/v2`; mostly empty.
    var formerBasePath: String { text(14).string }

    var idText: CatalogueText { text(0) }
    var targetPrefixText: CatalogueText { text(3) }
    var versionTexts: LazyMapSequence<PooledList, CatalogueText> {
        PooledList(start: field(5), endIndex: field(6)).texts
    }
    var usesS3Rules: Bool { field(8) & 1 != 0 }
    /// REST operations, the most literal path first, then the most constants.
    var restOperations: PooledList { PooledList(start: field(11), endIndex: field(12)) }

    private var operationRange: Range<Int> { field(9)..<(field(9) &+ field(10)) }

    private func field(_ number: Int) -> Int {
        let layout = CatalogueLayout.current
        return layout.field(number, of: index, in: layout.services, width: 16)
    }

    private func text(_ number: Int) -> CatalogueText { CatalogueLayout.current.text(field(number)) }
}
