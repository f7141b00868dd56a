/// What a body really is, where its content type does not say.
enum DocumentType {
    /// The content type to mask by: the declared one where it names a grammar, else what the first byte shows.
    ///
    /// Servers that stand in for AWS call JSON `text/html`; rules for members of JSON would never apply.
    static func effective(declared: String?, opening: Span<UInt8>) -> String? {
        let bare = (declared ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
        let grammars = ["json", "json-1.0", "json-1.1", "xml", "cbor", "cbor-1.1", "eventstream"]
        if grammars.contains(where: { bare.hasSuffix($0) }) { return declared }
        var index = 0
        while index < opening.count, [0x20, 0x09, 0x0A, 0x0D].contains(opening[index]) { index += 1 }
        guard index < opening.count else { return declared }
        switch opening[index] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return "application/json"
        case UInt8(ascii: "<"):
            // A page for people, from some proxy, is no document of AWS's.
            let start = String(decoding: (index..<min(opening.count, index + 14)).map { opening[$0] }, as: UTF8.self)
            let isPage = start.lowercased().hasPrefix("<!doctype html") || start.lowercased().hasPrefix("<html")
            return isPage ? declared : "application/xml"
        default: return declared
        }
    }
}
