import Mustache
import Testing

@testable import Console

@Suite("Escaping for HTML")
struct StrictHTMLTests {
    @Test(
        "Escapes what HTML reads, also before a combining mark",
        arguments: [
            ("<script>", "&lt;script&gt;"), ("a&b", "a&amp;b"), ("\" onload=", "&quot; onload="), ("'", "&#39;"),
            // Graphemes that swift-mustache's own escaping takes for letters.
            ("\"\u{301} onload=x", "&quot;\u{301} onload=x"), ("<\u{308}", "&lt;\u{308}"),
            ("'\u{20DD}", "&#39;\u{20DD}"),
            ("\r\n", "\u{27E8}U+000D\u{27E9}\n"),
        ]
    )
    func escapes(_ text: String, _ expected: String) {
        #expect(StrictHTML().escapeText(text) == expected)
    }

    @Test(
        "Shows what would deceive the reader",
        arguments: [
            "\u{202E}", "\u{2066}", "\u{200B}", "\u{200D}", "\u{FEFF}", "\u{00AD}", "\u{0000}", "\u{001B}", "\u{2028}",
            "\u{00A0}", "\u{3164}", "\u{115F}", "\u{2800}", "\u{E000}", "\u{E0041}", "\u{180E}", "\u{FE0F}",
        ]
    )
    func shows(_ text: String) throws {
        let scalar = try #require(text.unicodeScalars.first)
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        #expect(StrictHTML().escapeText("a\(text)b") == "a\u{27E8}U+\(padded)\u{27E9}b")
    }

    @Test("Leaves names of any script as they are", arguments: ["Größe", "名前", "שם", "имя", "🚪"])
    func leaves(_ text: String) {
        #expect(StrictHTML().escapeText(text) == text)
    }

    @Test("Every template uses it, whatever it stands in")
    func templates() {
        let pages = Pages(base: "/c/")
        let hostile = "\"\u{301}><img src=x onerror=alert(1)>"
        let message = Message(status: 200, title: hostile, text: hostile, link: hostile)
        let html = String(decoding: pages.message(message).body, as: UTF8.self)
        #expect(!html.contains("<img src=x"))
        let accents = html.unicodeScalars.indices.filter { html.unicodeScalars[$0].value == 0x301 }
        #expect(accents.count == 4)
        for index in accents {
            let before = html.unicodeScalars[html.unicodeScalars.index(before: index)]
            #expect(before == ";", "an accent after a bare quotation mark")
        }
    }
}
