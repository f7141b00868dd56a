import HTTPTypes

/// The header fields of a request, by lower-case name; for S3 also those that a presigned URL carries in its query.
struct HeadFields {
    /// Lower-case names and values in the order of the request.
    private(set) var all: [(name: String, value: String)]

    init(_ request: HTTPRequest) {
        all = request.headerFields.map { ($0.name.canonicalName, $0.value) }
    }

    mutating func append(_ name: String, _ value: String) { all.append((name, value)) }

    /// All values of a field, empty where there is none.
    subscript(name: CatalogueText) -> [String] {
        var values: [String] = []
        for field in all where name == field.name { values.append(field.value) }
        return values
    }
}
