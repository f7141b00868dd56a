internal import OpenSSL

/// One replacement in a text.
struct Edit {
    /// How the replacement is written.
    enum Form {
        /// `[masked:type:fingerprint]`.
        case text
        /// The base64 of it, because the member holds base64.
        case base64
        /// A number, because the member holds one.
        case number
        /// Bytes that were made by masking inside an encoding.
        case exact([UInt8])
    }

    var start: Int
    var end: Int
    var type: String
    var fingerprint: UInt32
    var form: Form

    /// Whether its type says only that there is a secret.
    var isGeneral: Bool { type == "secret" || type == "token" }

    /// Appends the replacement; `count` bytes exactly if `keepsLength`.
    func write(to output: inout [UInt8], keepsLength: Bool) {
        let start = output.count
        switch form {
        case .text: appendText(to: &output)
        case .base64: output.append(contentsOf: Base64.encode(text()).utf8)
        case .number: output.append(Byte.zero)
        case .exact(let bytes): output.append(contentsOf: bytes)
        }
        guard keepsLength else { return }
        let wanted = end - self.start
        let written = output.count - start
        if written == wanted { return }
        switch form {
        case .number:
            output.append(contentsOf: repeatElement(Byte.zero, count: max(0, wanted - written)))
        case .text where written < wanted, .exact where written < wanted:
            output.append(contentsOf: repeatElement(Byte.star, count: wanted - written))
        case .base64:
            // "AAAA" is valid base64 at any length that the secret had.
            output.removeLast(written)
            output.append(contentsOf: repeatElement(UInt8(ascii: "A"), count: wanted))
        case .text, .exact:
            output.removeLast(written)
            output.append(contentsOf: repeatElement(Byte.star, count: wanted))
        }
    }

    /// Where the replacement that begins at `start` ends, with the stars that fill it up; nil if none begins there.
    ///
    /// Exact, so that nobody hides a secret behind the first letters of a replacement.
    static func replacementEnd(in text: Span<UInt8>, at start: Int) -> Int? {
        guard text.has("[masked:", at: start) else { return nil }
        let type = text.runEnd(from: start + 8, limit: 64) { $0.isLower || $0.isDigit || $0 == Byte.dash }
        guard type > start + 8, text.at(type) == Byte.colon else { return nil }
        let digits = text.runEnd(from: type + 1, limit: 8) { $0.isHex }
        guard digits == type + 9, text.at(digits) == Byte.closeBracket else { return nil }
        return text.runEnd(from: digits + 1) { $0 == Byte.star }
    }

    private func text() -> [UInt8] {
        var bytes: [UInt8] = []
        appendText(to: &bytes)
        return bytes
    }

    private func appendText(to output: inout [UInt8]) {
        output.append(contentsOf: "[masked:".utf8)
        output.append(contentsOf: type.utf8)
        output.append(Byte.colon)
        for shift in stride(from: 28, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: fingerprint >> UInt32(shift)) & 15
            output.append(digit < 10 ? Byte.zero + digit : UInt8(ascii: "a") + digit - 10)
        }
        output.append(Byte.closeBracket)
    }
}

extension [Edit] {
    /// Sorts by place and lets overlapping replacements become one.
    mutating func settle() {
        guard count > 1 else { return }
        // Of two for the same place the one that says more comes first.
        sort { ($0.start, $1.end, $0.isGeneral ? 1 : 0) < ($1.start, $0.end, $1.isGeneral ? 1 : 0) }
        var kept: [Edit] = []
        kept.reserveCapacity(count)
        for edit in self {
            guard let last = kept.last, edit.start < last.end else {
                kept.append(edit)
                continue
            }
            guard edit.end > last.end else { continue }
            var merged = last
            merged.end = edit.end
            if case .exact = merged.form { merged.form = .text }
            kept[kept.count - 1] = merged
        }
        self = kept
    }
}
