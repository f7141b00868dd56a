import Masking

/// One engine with the default profile, for all tests.
let defaultEngine: MaskingEngine? = try? MaskingEngine(profile: MaskingProfile())

struct EngineMissing: Error {}

let testKey: [UInt8] = Array("fingerprint key of one session".utf8)

/// Masks `body` cut into pieces of `step` bytes.
func masked(
    _ body: [UInt8],
    _ operation: String,
    contentType: String? = "application/x-amz-json-1.1",
    contentEncoding: String? = nil,
    isOpaqueObject: Bool = false,
    step: Int = .max,
    engine: MaskingEngine? = defaultEngine
) throws -> (body: [UInt8], findings: [String: Int]) {
    guard let engine else { throw EngineMissing() }
    let masker = try engine.responseMasker(
        MaskingContext(
            operation: operation,
            contentType: contentType,
            contentEncoding: contentEncoding,
            fingerprintKey: testKey,
            isOpaqueObject: isOpaqueObject
        )
    )
    var output: [UInt8] = []
    var position = 0
    while position < body.count {
        let end = step < body.count - position ? position + step : body.count
        let piece = Array(body[position..<end])
        try masker.write(piece.span, to: &output)
        position = end
    }
    try masker.finish(to: &output)
    return (output, masker.findings)
}

func masked(
    _ body: String,
    _ operation: String,
    contentType: String? = "application/x-amz-json-1.1",
    isOpaqueObject: Bool = false,
    step: Int = .max
) throws -> String {
    let result = try masked(
        Array(body.utf8),
        operation,
        contentType: contentType,
        isOpaqueObject: isOpaqueObject,
        step: step
    )
    return String(decoding: result.body, as: UTF8.self)
}

/// `text` with every fingerprint replaced by `#`, so that a test can state it.
func withoutFingerprints(_ text: String) -> String {
    var result = ""
    var rest = Substring(text)
    while let start = rest.range(of: "[masked:") {
        result += rest[..<start.upperBound]
        rest = rest[start.upperBound...]
        guard let end = rest.firstIndex(of: "]"), let colon = rest[..<end].lastIndex(of: ":") else { break }
        result += rest[...colon] + "#"
        rest = rest[end...]
    }
    return result + rest
}

extension Substring {
    /// The first place of `text`.
    func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// Letters and digits without meaning, the same at each run.
func nonsense(_ count: Int, seed: Int = 1) -> String {
    let letters = Array("aQ3zX9kLm2Rt7WvB5nYc8HdP4sGf6JuE1oTiCqVxZrDhNwKy0")
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
    return String(
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return letters[Int(state >> 33) % letters.count]
        }
    )
}
