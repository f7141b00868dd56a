import HTTPTypes
import OpenSSL
import SigV4
import Testing

/// A small generator with a fixed seed, so that a failure comes again (SplitMix64).
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

@Suite("Hostile input")
struct HostileInputTests {
    private static let pieces = [
        "%", "%2", "%00", "%2F", "&", "=", "?", "/", "//", "..", ";", ",", " ", "+", "\u{e9}", "\u{1f642}", "host",
        "X-Amz-Signature=", "Credential=", "aws4_request", "AWS4-HMAC-SHA256 ", "0", "a", "_", "-", "\t", "#", "@", ":",
    ]

    private static func mutate(_ text: String, _ random: inout Generator) -> String {
        var characters = Array(text)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let position = characters.isEmpty ? 0 : Int.random(in: 0..<characters.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where !characters.isEmpty: characters.remove(at: position)
            case 1 where !characters.isEmpty: characters.removeSubrange(position...)
            case 2: characters.insert(contentsOf: characters.suffix(from: position), at: position)
            default: characters.insert(contentsOf: pieces.randomElement(using: &random) ?? "", at: position)
            }
        }
        return String(characters.prefix(4000))
    }

    @Test("Never traps on, and never verifies, a request that was changed at random", arguments: UInt64(1)...4)
    func survivesRequests(_ seed: UInt64) throws {
        var random = Generator(state: seed)
        let file = try VectorFile(named: "botocore")
        let now = try #require(SigningTime(parsing: file.time))
        let secret = SecretBytes(utf8: file.secret)
        let requests = try file.vectors.map { try $0.request() }
        var refused = 0
        for round in 0..<4000 {
            let original = requests[round % requests.count]
            var request = original
            if Bool.random(using: &random) || request.headerFields.isEmpty {
                request.path = HostileInputTests.mutate(request.path ?? "/", &random)
            } else {
                let index = Int.random(in: 0..<request.headerFields.count, using: &random)
                let value = request.headerFields[index].value
                request.headerFields[index].value = HostileInputTests.mutate(value, &random)
            }
            do {
                guard let claim = try SignatureClaim.parse(request, namesAreFromCGI: round % 3 == 0) else {
                    refused += 1
                    continue
                }
                _ = try claim.verify(
                    secret: secret,
                    bodyHash: nil,
                    now: now,
                    allowsUnsignedPayload: true
                )
                // Only what the canonical form does not see may have changed.
                let signed = claim.signedHeaders
                for (one, other) in zip(request.headerFields, original.headerFields)
                where signed.contains(one.name.canonicalName) {
                    let words = { (text: String) in text.split { $0 == " " || $0 == "\t" } }
                    #expect(words(one.value) == words(other.value))
                }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 3000)
    }

    @Test("Never traps on a chunked body that was changed at random", arguments: UInt64(1)...4)
    func survivesChunks(_ seed: UInt64) throws {
        var random = Generator(state: seed)
        let body = ChunkedExample.framedWithTrailer(SignedChunksTests.lines)
        let unsigned = Array(UnsignedChunksTests.good.utf8)
        let samples = [(try ChunkedExample.signedWithTrailer(), body), (try ChunkedExample.unsigned(), unsigned)]
        for round in 0..<400 {
            let (verified, framed) = samples[round % 2]
            var changed = framed
            for _ in 0..<Int.random(in: 1...4, using: &random) where !changed.isEmpty {
                let position = Int.random(in: 0..<changed.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: changed.remove(at: position)
                case 1: changed.removeSubrange(position...)
                case 2: changed.insert(contentsOf: changed.prefix(100), at: position)
                default: changed[position] = UInt8.random(in: 0...255, using: &random)
                }
            }
            var output: [UInt8] = []
            do {
                var decoder = try ChunkedBodyDecoder(verified)
                var index = 0
                while index < changed.count {
                    let end = min(changed.count, index + Int.random(in: 1...5000, using: &random))
                    try decoder.decode(changed.span.extracting(index..<end), into: &output)
                    index = end
                }
                _ = try decoder.finish()
                if round % 2 == 0 { #expect(output == ChunkedExample.body) }
            } catch {
                if round % 2 == 0 { #expect(ChunkedExample.body.starts(with: output)) }
            }
        }
    }
}
