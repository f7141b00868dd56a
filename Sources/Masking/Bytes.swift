/// Bytes that detectors and tokenizers ask about by name.
enum Byte {
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let apostrophe = UInt8(ascii: "'")
    static let backtick = UInt8(ascii: "`")
    static let backslash = UInt8(ascii: "\\")
    static let slash = UInt8(ascii: "/")
    static let colon = UInt8(ascii: ":")
    static let comma = UInt8(ascii: ",")
    static let dot = UInt8(ascii: ".")
    static let dash = UInt8(ascii: "-")
    static let underscore = UInt8(ascii: "_")
    static let plus = UInt8(ascii: "+")
    static let equals = UInt8(ascii: "=")
    static let at = UInt8(ascii: "@")
    static let less = UInt8(ascii: "<")
    static let greater = UInt8(ascii: ">")
    static let ampersand = UInt8(ascii: "&")
    static let semicolon = UInt8(ascii: ";")
    static let percent = UInt8(ascii: "%")
    static let star = UInt8(ascii: "*")
    static let dollar = UInt8(ascii: "$")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let openParenthesis = UInt8(ascii: "(")
    static let closeParenthesis = UInt8(ascii: ")")
    static let zero = UInt8(ascii: "0")
}

extension UInt8 {
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    @inline(__always) var isUpper: Bool { self &- 0x41 < 26 }
    @inline(__always) var isLower: Bool { self &- 0x61 < 26 }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    @inline(__always) var isAlphanumeric: Bool { isLetter || isDigit }
    @inline(__always) var isHex: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
    @inline(__always) var isBase64: Bool { isAlphanumeric || self == Byte.plus || self == Byte.slash }
    @inline(__always) var isBase64URL: Bool { isAlphanumeric || self == Byte.dash || self == Byte.underscore }
    /// A byte of names in configuration files, command lines and code.
    @inline(__always) var isNamePart: Bool { isBase64URL || self == Byte.dot }
    @inline(__always) var isBlank: Bool { self == Byte.space || self == Byte.tab }
    @inline(__always) var isWhitespace: Bool { isBlank || self == Byte.newline || self == Byte.carriageReturn }
    @inline(__always) var lowercased: UInt8 { isUpper ? self | 0x20 : self }
}

extension Span<UInt8> {
    /// The byte at `index`, or nil outside of the text.
    @inline(__always)
    func at(_ index: Int) -> UInt8? { index >= 0 && index < count ? self[index] : nil }

    /// Whether `bytes` stand at `index`.
    func has(_ bytes: StaticString, at index: Int) -> Bool {
        let length = bytes.utf8CodeUnitCount
        guard index >= 0, index <= count - length else { return false }
        for offset in 0..<length {
            guard unsafe self[index + offset] == bytes.utf8Start[offset] else { return false }
        }
        return true
    }

    /// Whether `bytes`, in lower case, stand at `index` in either case.
    func hasIgnoringCase(_ bytes: StaticString, at index: Int) -> Bool {
        let length = bytes.utf8CodeUnitCount
        guard index >= 0, index <= count - length else { return false }
        for offset in 0..<length {
            guard unsafe self[index + offset].lowercased == bytes.utf8Start[offset] else { return false }
        }
        return true
    }

    /// Where the run of bytes that satisfy `isMember` ends, from `start`, at most `limit` bytes on.
    @inline(__always)
    func runEnd(from start: Int, limit: Int = .max, where isMember: (UInt8) -> Bool) -> Int {
        var index = start
        let end = limit < count - start ? start + limit : count
        while index < end, isMember(self[index]) { index += 1 }
        return index
    }

    /// Where the run of bytes that satisfy `isMember` and end before `end` starts.
    @inline(__always)
    func runStart(before end: Int, limit: Int = .max, where isMember: (UInt8) -> Bool) -> Int {
        var index = end
        let start = limit < end ? end - limit : 0
        while index > start, isMember(self[index - 1]) { index -= 1 }
        return index
    }

    /// The first offset of `bytes` in `start..<limit`.
    func find(_ bytes: StaticString, from start: Int, to limit: Int) -> Int? {
        var index = start
        let end = Swift.min(limit, count) - bytes.utf8CodeUnitCount
        while index <= end {
            if has(bytes, at: index) { return index }
            index += 1
        }
        return nil
    }

    /// A copy.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(range.count)
        append(range, to: &copy)
        return copy
    }

    /// Appends the bytes of `range` to `output`.
    func append(_ range: Range<Int>, to output: inout [UInt8]) {
        guard !range.isEmpty else { return }
        unsafe extracting(range).withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
    }
}
