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

/// Masks changed copies of the bodies, as every format and cut anywhere, and counts what became of them.
func fuzz(_ engine: MaskingEngine) throws {
    let types = [
        "application/json", "text/xml", "application/cbor", "application/vnd.amazon.eventstream", "text/plain",
    ]
    var generator = SystemRandomNumberGenerator()
    var done = 0
    var refused = 0
    while let line = readLine() {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count >= 4 else { continue }
        let original = bytes(ofHex: fields[3].utf8).prefix(4096)
        for round in 0..<12 {
            var body = Array(original)
            for _ in 0..<Int.random(in: 0...6, using: &generator) where !body.isEmpty {
                let place = Int.random(in: 0..<body.count, using: &generator)
                switch Int.random(in: 0...4, using: &generator) {
                case 0: body[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: body.remove(at: place)
                case 2:
                    body.insert(
                        contentsOf: body[place...].prefix(40),
                        at: Int.random(in: 0..<body.count, using: &generator)
                    )
                case 3: body.removeSubrange(place..<min(body.count, place + 60))
                default: body.insert([0x22, 0x5C, 0x3A, 0x3D, 0x7B, 0x5B, 0xFF, 0x00][place % 8], at: place)
                }
            }
            let type = round < 4 ? String(fields[1]) : types[round % types.count]
            do {
                let masker = try engine.responseMasker(
                    MaskingContext(
                        operation: String(fields[0]),
                        contentType: type,
                        fingerprintKey: [1],
                        isOpaqueObject: round % 5 == 4
                    )
                )
                var output: [UInt8] = []
                let cut = Int.random(in: 0...body.count, using: &generator)
                try masker.write(body.span.extracting(0..<cut), to: &output)
                try masker.write(body.span.extracting(cut..<body.count), to: &output)
                try masker.finish(to: &output)
            } catch {
                refused += 1
            }
            done += 1
        }
    }
    print("\(done) bodies, \(refused) refused")
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
