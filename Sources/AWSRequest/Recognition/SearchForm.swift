/// A search of CloudSearch's domains that the SDK has turned from a GET into a form, since a query may be long.
///
/// botocore does so to every `cloudsearchdomain.Search`, and the service takes both ("Submitting Search Requests",
/// Amazon CloudSearch Developer Guide). What is matched and read is the GET of the model; what is sent are the bytes of
/// the form.
struct SearchForm {
    /// Bytes of a form.
    private static let limit = 65_536

    /// The path with the form as its query.
    let target: String
    /// The head of the GET that the form stands for.
    let head: RequestHead

    static func applies(to head: RequestHead, _ scope: Scope) -> Bool {
        head.method == .post && head.mediaType == "application/x-www-form-urlencoded" && head.target.query.isEmpty
            && head.target.pathText == "/2013-01-01/search"
            && scope.services.contains { $0.id == "cloudsearchdomain" }
    }

    init(_ head: RequestHead, _ body: [UInt8]) throws(RecognitionError) {
        guard !body.isEmpty, body.count <= Self.limit, let form = String(validating: body, as: UTF8.self),
            !form.contains("?")
        else { throw .malformedBody("a search is a form of 1 to \(Self.limit) bytes") }
        target = head.target.pathText + "?" + form
        self.head = head.asGet(of: try RequestTarget(target))
    }
}
