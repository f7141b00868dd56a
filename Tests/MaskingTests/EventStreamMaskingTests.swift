import Compression
import Masking
import Testing

@Suite("Masking event streams")
struct EventStreamMaskingTests {
    static func message(_ headers: [(String, String)], _ payload: String) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in headers {
            block.append(UInt8(name.utf8.count))
            block +=
                Array(name.utf8) + [7, UInt8(value.utf8.count >> 8), UInt8(value.utf8.count & 255)] + Array(value.utf8)
        }
        var bytes = word(16 + block.count + payload.utf8.count) + word(block.count)
        bytes += word(Int(CRC32.of(bytes.span))) + block + Array(payload.utf8)
        return bytes + word(Int(CRC32.of(bytes.span)))
    }

    static func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    static func records(_ text: String) -> [UInt8] {
        message(
            [(":message-type", "event"), (":event-type", "Records"), (":content-type", "application/octet-stream")],
            text
        )
    }

    /// The payloads of a stream whose lengths and checksums are right.
    static func payloads(_ stream: [UInt8]) throws -> [String] {
        var result: [String] = []
        var rest = stream[...]
        while !rest.isEmpty {
            let bytes = Array(rest)
            let total = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
            let headers = bytes[4..<8].reduce(0) { $0 << 8 | Int($1) }
            #expect(word(Int(CRC32.of(Array(bytes[..<8]).span))) == Array(bytes[8..<12]))
            #expect(word(Int(CRC32.of(Array(bytes[..<(total - 4)]).span))) == Array(bytes[(total - 4)..<total]))
            result.append(String(decoding: bytes[(12 + headers)..<(total - 4)], as: UTF8.self))
            rest = rest.dropFirst(total)
        }
        return result
    }

    static func mask(_ stream: [UInt8], _ operation: String = "s3.SelectObjectContent", step: Int = .max) throws
        -> [UInt8]
    {
        try masked(stream, operation, contentType: "application/vnd.amazon.eventstream", step: step).body
    }

    @Test("Masks a JSON payload and rebuilds both checksums")
    func json() throws {
        let stream = Self.message(
            [(":event-type", "sessionUpdate"), (":content-type", "application/json")],
            #"{"sessionResults":[{"message":"password=Tr0ub4dor99 ok"}]}"#
        )
        let payloads = try Self.payloads(Self.mask(stream, "logs.StartLiveTail"))
        #expect(
            payloads.map(withoutFingerprints) == [#"{"sessionResults":[{"message":"password=[masked:secret:#] ok"}]}"#]
        )
    }

    @Test("Finds a secret that is cut by the frames of a raw payload")
    func acrossFrames() throws {
        let secret = "ghp" + "_" + nonsense(36)
        let text = "a,b,\(secret),c\n"
        for cut in 1..<text.utf8.count {
            let first = String(text.prefix(cut))
            let stats = Self.message([(":event-type", "End")], "")
            let stream = Self.records(first) + Self.records(String(text.dropFirst(cut))) + stats
            let output = try Self.payloads(Self.mask(stream))
            #expect(!output.joined().contains(secret.suffix(20)))
            #expect(output.joined().utf8.count == text.utf8.count)
            #expect(output.last?.isEmpty == true)
        }
    }

    @Test("Gives the same output for every split")
    func splits() throws {
        let stream = Self.records("x password=Tr0ub4dor99\n") + Self.records("y\n")
        let whole = try Self.mask(stream)
        for step in 1...stream.count { #expect(try Self.mask(stream, step: step) == whole) }
    }

    @Test("Refuses a wrong checksum, a wrong length and a cut message")
    func malformed() throws {
        let good = Self.records("hello")
        var changes = [Array(good.dropLast())]
        for place in [0, 4, 9, 20, good.count - 6, good.count - 1] {
            var bad = good
            bad[place] ^= 1
            changes.append(bad)
        }
        for bad in changes {
            let error = #expect(throws: MaskingError.self) { try Self.mask(bad) }
            guard case .malformed("event stream", _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }
}
