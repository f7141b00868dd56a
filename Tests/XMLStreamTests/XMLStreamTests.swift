import Testing
import XMLStream

@Suite("XML stream")
struct XMLStreamTests {
    /// Event kind, content and source text, with neighbouring pieces of text joined.
    static func read(_ text: String, step: Int = 1 << 20, limits: XMLLimits = XMLLimits()) throws -> [String] {
        let bytes = Array(text.utf8)
        var stream = try XMLStream(limits: limits)
        var seen: [String] = []
        var pendingText = ""
        for start in stride(from: 0, through: bytes.count, by: step) {
            let end = min(start + step, bytes.count)
            try stream.write(Array(bytes[start..<end]).span, isFinal: end == bytes.count)
            let content = stream.content
            for event in stream.events {
                let value = String(decoding: content[event.content], as: UTF8.self)
                if event.kind == .text {
                    pendingText += value
                    continue
                }
                if !pendingText.isEmpty { seen.append("text \(pendingText)") }
                pendingText = ""
                let source = String(decoding: bytes[event.source], as: UTF8.self)
                seen.append("\(event.kind) \(value) | \(source)")
            }
            if end == bytes.count { break }
        }
        return seen
    }

    static let document =
        #"<?xml version="1.0" encoding="UTF-8"?><a x="1&amp;2"><b>é &lt;&#65;<![CDATA[<&]]></b><!--n--><c/></a>"#

    @Test("Reports events with content and source, whatever the split", arguments: [1, 2, 3, 1000])
    func events(step: Int) throws {
        #expect(
            try Self.read(Self.document, step: step) == [
                #"start a | <a x="1&amp;2">"#, #"attributeName x | <a x="1&amp;2">"#,
                #"attributeValue 1&2 | <a x="1&amp;2">"#, "start b | <b>", "text é <A<&", "end b | </b>",
                "comment n | <!--n-->", "start c | <c/>", "end c | ", "end a | </a>",
            ]
        )
    }

    @Test("Gives each piece of text the bytes it stands on")
    func textOffsets() throws {
        var stream = try XMLStream()
        let bytes = Array("<a>x&amp;y<![CDATA[z]]></a>".utf8)
        try stream.write(bytes.span, isFinal: true)
        let sources = stream.events.filter { $0.kind == .text }.map {
            String(decoding: bytes[$0.source], as: UTF8.self)
        }
        #expect(sources == ["x", "&amp;", "y", "z"])
    }

    @Test(
        "Refuses a document type, whatever it declares",
        arguments: [
            "<!DOCTYPE a><a/>", #"<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>"#,
            #"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#,
        ]
    )
    func documentType(_ text: String) {
        #expect(throws: XMLStreamError.documentTypeRefused) { try Self.read(text) }
    }

    @Test("Refuses a processing instruction")
    func instruction() {
        #expect(throws: XMLStreamError.processingInstructionRefused) { try Self.read("<a><?php x?></a>") }
    }

    @Test(
        "Refuses what is not well-formed",
        arguments: [
            ("", 3), ("<a>", 3), ("<a></b>", 7), ("<a>&x;</a>", 11), ("<a/><b/>", 9), ("<a x='1' x='2'/>", 8),
            ("<a>\u{1}</a>", 4), ("text", 2),
        ]
    )
    func malformed(_ text: String, code: UInt32) {
        let error = #expect(throws: XMLStreamError.self) { try Self.read(text) }
        guard case .malformed(let found, _)? = error else {
            Issue.record("not malformed: \(String(describing: error))")
            return
        }
        #expect(found == code)
    }

    @Test(
        "Refuses UTF-16, with a byte order mark or without",
        arguments: [[0xFF, 0xFE, 0x3C, 0], [0x3C, 0]] as [[UInt8]]
    )
    func utf16(_ bytes: [UInt8]) throws {
        var stream = try XMLStream()
        #expect(throws: XMLStreamError.encodingRefused) { try stream.write(bytes.span) }
    }

    @Test("Refuses invalid UTF-8")
    func invalidUTF8() throws {
        var stream = try XMLStream()
        let bytes: [UInt8] = [0x3C, 0x61, 0x3E, 0xC3, 0x28]
        #expect(throws: XMLStreamError.malformed(code: 4, offset: 3)) { try stream.write(bytes.span) }
    }

    @Test("Holds to its depth, at the limit and one past")
    func depth() throws {
        let limits = XMLLimits(maximumDepth: 2)
        #expect(try Self.read("<a><b/></a>", limits: limits).count == 4)
        #expect(throws: XMLStreamError.tooDeep) { try Self.read("<a><b><c/></b></a>", limits: limits) }
    }

    @Test("Holds to its size, at the limit and one past")
    func size() throws {
        #expect(try Self.read("<a/>", limits: XMLLimits(maximumSize: 4)).count == 2)
        #expect(throws: XMLStreamError.tooLarge) { try Self.read("<a/>", limits: XMLLimits(maximumSize: 3)) }
    }
}
