import Mustache

/// Escapes text for HTML scalar by scalar, and shows what would otherwise deceive the reader.
///
/// swift-mustache's own escaping goes by grapheme clusters, so that a quotation mark followed by a combining accent
/// passes as it is and ends an attribute. Names and policy texts come from whoever can make a resource: control
/// characters, invisible ones, and those that change the direction of writing (Unicode Technical Report 36, section 2.6)
/// are shown as their numbers.
struct StrictHTML: MustacheContentType {
    /// The name for templates' `CONTENT_TYPE` pragma.
    static let name = "POSTERN"

    func escapeText(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "`": result.append(contentsOf: "&#96;".unicodeScalars)
            case "\n", "\t": result.append(scalar)
            default: Self.append(scalar, to: &result)
            }
        }
        return String(result)
    }

    /// The text with what would deceive its reader as numbers, for chats: one line, and no markup of HTML's.
    static func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { append(scalar, to: &result) }
        return String(result)
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String.UnicodeScalarView) {
        guard isDeceptive(scalar) else { return result.append(scalar) }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
        result.append(contentsOf: "\u{27E8}U+\(padded)\u{27E9}".unicodeScalars)
    }

    private static func isDeceptive(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        case .spaceSeparator: scalar != " "
        // Characters that look like nothing, though they count as letters or marks.
        default: scalar.properties.isDefaultIgnorableCodePoint || scalar.value == 0x2800
        }
    }
}
