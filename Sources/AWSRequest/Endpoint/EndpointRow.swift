/// Which endpoint variants the site wants; SDKs drop their own flags once a custom endpoint is set.
public struct EndpointOptions: OptionSet, Sendable, Hashable {
    /// The bits, as the generator numbers variants.
    public let rawValue: UInt8

    /// A set with these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// FIPS 140 endpoints.
    public static let fips = EndpointOptions(rawValue: 1)
    /// Endpoints that answer over IPv6 too.
    public static let dualStack = EndpointOptions(rawValue: 2)
}

/// One row of the endpoint table: how the host of a service looks in a partition.
struct EndpointRow {
    private let index: Int

    /// The row for an operation; nil where the service does not exist in the partition or not in this variant.
    static func find(for operation: Operation, region: Region, variant: EndpointOptions) -> EndpointRow? {
        var common: EndpointRow?
        for index in operation.endpointRange {
            let row = EndpointRow(index: index)
            guard row.field(0) == region.partition.index, row.field(1) == Int(variant.rawValue) else { continue }
            if row.field(2) == 0 { common = row }
            if row.field(2) != 0, row.text(2).string == region.name { return row }
        }
        return common
    }

    func host(in region: Region) -> String { text(3).filled { $0 == "region" ? region.nameText.string : nil } }
    /// What the endpoint puts before the request's path, such as `/v2`; mostly empty.
    var basePath: String { text(4).string }
    func signingRegion(in region: Region) -> String { field(5) == 0 ? region.name : text(5).string }
    var signingName: String { text(6).string }

    private func field(_ number: Int) -> Int {
        let layout = CatalogueLayout.current
        return layout.field(number, of: index, in: layout.endpoints, width: 7)
    }

    private func text(_ number: Int) -> CatalogueText { CatalogueLayout.current.text(field(number)) }
}
