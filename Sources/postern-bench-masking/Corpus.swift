import Glibc
import Masking

/// Masks one body a line; writes the masked body, or `!` and the error, and the findings.
func maskCorpus(_ engine: MaskingEngine) throws {
    while let line = readLine() {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count >= 4 else { continue }
        let context = MaskingContext(
            operation: String(fields[0]),
            contentType: String(fields[1]),
            fingerprintKey: [1, 2, 3],
            isOpaqueObject: fields[2] == "1"
        )
        do {
            let masker = try engine.responseMasker(context)
            var output: [UInt8] = []
            try masker.write(bytes(ofHex: fields[3].utf8).span, to: &output)
            try masker.finish(to: &output)
            let findings = masker.findings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            print(hex(output) + "\t" + findings.joined(separator: ","))
        } catch {
            print("!\(error)")
        }
    }
}

private func bytes(ofHex text: Substring.UTF8View) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    for byte in text {
        let value = byte < 58 ? byte &- 48 : byte &- 87
        if let known = high {
            bytes.append(known << 4 | value)
            high = nil
        } else {
            high = value
        }
    }
    return bytes
}

private func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
