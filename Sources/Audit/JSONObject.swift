import OpenSSL

/// A JSON object, written in order on one line.
struct JSONObject {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    var isEmpty: Bool { bytes.count == 1 }

    mutating func append(_ key: String, _ value: DetailValue) {
        begin(key)
        switch value {
        case .number(let number): bytes.append(contentsOf: String(number).utf8)
        case .text(let text): quote(text)
        }
    }

    /// Appends text that is UTF-8.
    mutating func append(_ key: String, text: Span<UInt8>) {
        begin(key)
        quote(text)
    }

    /// Appends a value that is JSON already; line feeds, which can only stand between its tokens there, become blanks.
    mutating func append(_ key: String, json: Span<UInt8>) {
        begin(key)
        for index in json.indices {
            let byte = json[index]
            bytes.append(byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") ? UInt8(ascii: " ") : byte)
        }
    }

    /// Appends an array of texts, which lie in `texts` where `elements` says.
    mutating func append(_ key: String, texts: Span<UInt8>, elements: [Range<Int>]) {
        begin(key)
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            quote(texts.extracting(element))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func begin(_ key: String) {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        quote(key)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 { append(escaping: byte) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func quote(_ text: Span<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for index in text.indices { append(escaping: text[index]) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0..<0x20:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(Hex.digit(byte >> 4))
            bytes.append(Hex.digit(byte & 15))
        default: bytes.append(byte)
        }
    }
}
