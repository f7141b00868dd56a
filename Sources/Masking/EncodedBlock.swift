/// Sixteen bytes of base64, of which some groups of four are text, at a multiple of the stride.
///
/// Every run of 39 bytes and more covers one.
enum EncodedBlock {
    static let stride = 24
    private static let length = 16

    /// The first block at or behind `start`.
    @inline(__always)
    static func first(in text: Span<UInt8>, from start: Int) -> Int? {
        var index = (start + stride - 1) / stride * stride
        let bytes = unsafe text.bytes
        while index + length <= text.count {
            // In bounds by the condition above.
            let one = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            if mayBe(one) {
                let two = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index + 8, as: UInt64.self)
                if mayBe(two), isBlock(text, index) { return index }
            }
            index += stride
        }
        return nil
    }

    /// Whether no byte is below `+` or beyond ASCII: blanks, quotes and most marks are.
    @inline(__always)
    private static func mayBe(_ word: UInt64) -> Bool {
        let low = ((word | 0x8080_8080_8080_8080) &- 0x2B2B_2B2B_2B2B_2B2B) & 0x8080_8080_8080_8080
        return low == 0x8080_8080_8080_8080 && word & 0x8080_8080_8080_8080 == 0
    }

    private static func isBlock(_ text: Span<UInt8>, _ index: Int) -> Bool {
        for offset in 0..<length where !text[index + offset].isBase64 { return false }
        for shift in 0..<4 where isTextGroup(text, index + shift) && isTextGroup(text, index + shift + 4) {
            if isTextGroup(text, index + shift + 8) { return true }
        }
        return isHexText(index..<index + length, in: text) || isHexText(index + 1..<index + length - 1, in: text)
    }

    /// The part of a run that is text once decoded, by its first bytes; nil for digests, ids and words.
    static func textPlace(_ run: Range<Int>, in text: Span<UInt8>) -> Range<Int>? {
        guard run.count >= 28 else { return nil }
        for shift in 0..<4 {
            var index = run.lowerBound + shift
            let end = min(run.upperBound, index + 32)
            var isText = true
            while index + 4 <= end {
                guard isTextGroup(text, index) else {
                    isText = false
                    break
                }
                index += 4
            }
            if isText { return run.lowerBound + shift..<min(run.upperBound, run.lowerBound + shift + 28) }
        }
        for shift in 0..<2 where isHexText(run.lowerBound + shift..<run.lowerBound + shift + 26, in: text) {
            return run.lowerBound + shift..<run.lowerBound + shift + 26
        }
        return nil
    }

    /// Whether four characters of base64 are three of text.
    private static func isTextGroup(_ text: Span<UInt8>, _ index: Int) -> Bool {
        guard let a = Base64Text.value(text[index]), let b = Base64Text.value(text[index + 1]),
            let c = Base64Text.value(text[index + 2]), let d = Base64Text.value(text[index + 3])
        else { return false }
        let group = UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6 | UInt32(d)
        for shift in [16, 8, 0] as [UInt32] {
            let byte = UInt8(truncatingIfNeeded: group >> shift)
            guard byte >= 0x20 && byte < 0x7F || byte.isWhitespace else { return false }
        }
        return true
    }

    private static func isHexText(_ run: Range<Int>, in text: Span<UInt8>) -> Bool {
        for index in Swift.stride(from: run.lowerBound, to: run.upperBound, by: 2) {
            guard text[index].isHex, text[index + 1].isHex else { return false }
            let byte = HexText.value(text[index]) << 4 | HexText.value(text[index + 1])
            guard byte >= 0x20 && byte < 0x7F || byte.isWhitespace else { return false }
        }
        return true
    }
}
