import HTTPTypes
import OpenSSL
import SigV4
import Testing

/// The example of the S3 API reference, "Transferring Payload in Multiple Chunks", and the one with a trailer.
enum ChunkedExample {
    static let body = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)
    static let first = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
    static let second = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
    static let last = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
    static let checksum = "x-amz-checksum-crc32c:sOO8/Q=="
    static let trailerSignature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"

    static func signed() throws -> VerifiedSignature {
        let request = try S3Example.request(
            .put,
            "/examplebucket/chunkObject.txt",
            headers: [
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("Content-Encoding", "aws-chunked"),
                ("x-amz-decoded-content-length", "66560"), ("Content-Length", "66824"),
            ],
            signed: "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                + "x-amz-decoded-content-length;x-amz-storage-class",
            signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            host: "s3.amazonaws.com"
        )
        return try S3Example.verify(request)
    }

    static func signedWithTrailer() throws -> VerifiedSignature {
        let request = try S3Example.request(
            .put,
            "/examplebucket/chunkObject.txt",
            headers: [
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("Content-Encoding", "aws-chunked"),
                ("x-amz-decoded-content-length", "66560"), ("x-amz-trailer", "x-amz-checksum-crc32c"),
            ],
            signed: "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
                + "x-amz-storage-class;x-amz-trailer",
            signature: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            host: "s3.amazonaws.com"
        )
        return try S3Example.verify(request)
    }

    /// A request of the module's own signing, for bodies whose chunks are not signed.
    static func unsigned(
        length: String = "5",
        trailer: [String] = ["x-amz-checksum-crc32"],
        payload: PayloadMode = .streamingUnsignedTrailer
    ) throws -> VerifiedSignature {
        var headers = trailer.map { ("x-amz-trailer", $0) }
        headers.append(("x-amz-decoded-content-length", length))
        let request = try VerificationTests.signed(
            service: "s3",
            method: .put,
            target: "/b/k",
            payload: payload,
            headers: headers
        )
        return try S3Example.verify(request)
    }

    static func frame(_ bytes: [UInt8], _ signature: String) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16));chunk-signature=\(signature)\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    static func framed(_ first: String = first, _ second: String = second, _ last: String = last) -> [UInt8] {
        frame(Array(body.prefix(65_536)), first) + frame(Array(body.suffix(1024)), second) + frame([], last)
    }

    static func framedWithTrailer(_ trailer: String) -> [UInt8] {
        frame(
            Array(body.prefix(65_536)),
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"
        )
            + frame(Array(body.suffix(1024)), "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7")
            + Array(
                ("0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" + trailer)
                    .utf8
            )
    }
}

/// Decodes a body that arrives in pieces of `step` bytes.
private func decode(
    _ framed: [UInt8],
    _ verified: VerifiedSignature,
    step: Int = .max,
    maximumChunk: Int = 16 << 20,
    into output: inout [UInt8]
) throws -> [Trailer] {
    var decoder = try ChunkedBodyDecoder(verified, maximumChunk: maximumChunk)
    var index = 0
    while index < framed.count {
        let end = step < framed.count - index ? index + step : framed.count
        try decoder.decode(framed.span.extracting(index..<end), into: &output)
        index = end
    }
    return try decoder.finish()
}

@Suite("Chunked body, signed")
struct SignedChunksTests {
    @Test("Decodes the example of the S3 reference however it is split", arguments: [1, 2, 3, 85, 8192, 65_621, .max])
    func decodesExample(_ step: Int) throws {
        var output: [UInt8] = []
        #expect(try decode(ChunkedExample.framed(), ChunkedExample.signed(), step: step, into: &output) == [])
        #expect(output == ChunkedExample.body)
    }

    @Test("Gives out no byte of a chunk before its signature is verified")
    func holdsBack() throws {
        let framed = ChunkedExample.framed()
        var decoder = try ChunkedBodyDecoder(ChunkedExample.signed())
        var output: [UInt8] = []
        let head = 86 + 2 + 65_536
        try decoder.decode(framed.span.extracting(0..<(head - 2)), into: &output)
        #expect(output.isEmpty)
        try decoder.decode(framed.span.extracting((head - 2)..<head), into: &output)
        #expect(output.count == 65_536)
    }

    @Test("Refuses a changed chunk, and gives out none of it or of what follows")
    func refusesChangedChunk() throws {
        var framed = ChunkedExample.framed()
        framed[40_000] ^= 1
        var output: [UInt8] = []
        #expect(throws: SignatureError.chunkSignatureMismatch) {
            try decode(framed, ChunkedExample.signed(), into: &output)
        }
        #expect(output.isEmpty)
    }

    @Test("Refuses a changed signature of any chunk, the last one too", arguments: [0, 1, 2])
    func refusesChangedSignature(_ index: Int) throws {
        var signatures = [ChunkedExample.first, ChunkedExample.second, ChunkedExample.last]
        signatures[index] = String(signatures[index].reversed())
        var output: [UInt8] = []
        #expect(throws: SignatureError.chunkSignatureMismatch) {
            try decode(
                ChunkedExample.framed(signatures[0], signatures[1], signatures[2]),
                ChunkedExample.signed(),
                into: &output
            )
        }
        #expect(output.count == [0, 65_536, 66_560][index])
    }

    @Test("Refuses swapped, dropped and repeated chunks")
    func refusesReordered() throws {
        let first = ChunkedExample.frame(Array(ChunkedExample.body.prefix(65_536)), ChunkedExample.first)
        let second = ChunkedExample.frame(Array(ChunkedExample.body.suffix(1024)), ChunkedExample.second)
        let last = ChunkedExample.frame([], ChunkedExample.last)
        let cases: [([UInt8], SignatureError)] = [
            (second + first + last, .chunkSignatureMismatch),
            (first + first + last, .decodedLengthMismatch(declared: 66_560)),
            (first + last, .decodedLengthMismatch(declared: 66_560)),
            (last, .decodedLengthMismatch(declared: 66_560)),
            (first + second, .malformedChunk("it ends too early")),
            (first + second + last.dropLast(1), .malformedChunk("it ends too early")),
            (first + second + last.dropLast(2), .malformedChunk("it ends too early")),
            (first + second + last + [0x0a], .malformedChunk("bytes follow its end")),
            (first + second + last + last, .malformedChunk("bytes follow its end")),
            ([], .malformedChunk("it ends too early")),
        ]
        for (framed, error) in cases {
            var output: [UInt8] = []
            #expect(throws: error) { try decode(framed, ChunkedExample.signed(), into: &output) }
        }
    }

    @Test(
        "Refuses a chunk that is not signed or is signed differently",
        arguments: [
            "10000\r\n", "10000;chunk-signature=\r\n", "10000;Chunk-Signature=\(ChunkedExample.first)\r\n",
            "10000;chunk-signature=\(ChunkedExample.first.uppercased())\r\n",
            "10000;chunk-signature=\(ChunkedExample.first)0\r\n",
            "10000;x=y;chunk-signature=\(ChunkedExample.first)\r\n",
        ]
    )
    func refusesUnsigned(_ head: String) throws {
        var output: [UInt8] = []
        let framed = Array(head.utf8) + ChunkedExample.body
        #expect(throws: SignatureError.malformedChunk("a chunk is not signed")) {
            try decode(framed, ChunkedExample.signed(), into: &output)
        }
    }

    @Test("Bounds the chunk that it holds back, at its edge")
    func boundsChunk() throws {
        var output: [UInt8] = []
        _ = try decode(ChunkedExample.framed(), ChunkedExample.signed(), maximumChunk: 65_536, into: &output)
        #expect(output.count == 66_560)
        output = []
        #expect(throws: SignatureError.chunkTooLarge(limit: 65_535)) {
            try decode(ChunkedExample.framed(), ChunkedExample.signed(), maximumChunk: 65_535, into: &output)
        }
        #expect(output.isEmpty)
    }

    static let lines =
        "\(ChunkedExample.checksum)\r\nx-amz-trailer-signature:\(ChunkedExample.trailerSignature)\r\n\r\n"

    @Test(
        "Decodes the example with a trailer, also in the spelling of AWS's description",
        arguments: [
            lines, lines.replacing("==\r\n", with: "==\n\r\n"), lines.replacing("crc32c:", with: "crc32c:  "),
            lines.replacing("x-amz-checksum", with: "X-Amz-Checksum"),
        ]
    )
    func decodesTrailer(_ trailer: String) throws {
        var output: [UInt8] = []
        let framed = ChunkedExample.framedWithTrailer(trailer)
        for step in [1, 7, .max] {
            output = []
            #expect(
                try decode(framed, ChunkedExample.signedWithTrailer(), step: step, into: &output)
                    == [Trailer(name: "x-amz-checksum-crc32c", value: "sOO8/Q==")]
            )
            #expect(output == ChunkedExample.body)
        }
    }

    @Test(
        "Refuses a trailer that is not the signed and declared one",
        arguments: [
            (lines.replacing("sOO8", with: "sOO9"), .chunkSignatureMismatch),
            (lines.replacing("d81f", with: "d81e"), .chunkSignatureMismatch),
            (lines.replacing("crc32c", with: "crc32"), .trailerMismatch("x-amz-checksum-crc32")),
            ("\(ChunkedExample.checksum)\r\n\r\n", .trailerMismatch("x-amz-trailer-signature")),
            ("\(ChunkedExample.checksum)\r\n\(lines)", .trailerMismatch("x-amz-checksum-crc32c")),
            ("\r\n", .trailerMismatch("x-amz-checksum-crc32c")),
            (
                "x-amz-trailer-signature:\(ChunkedExample.trailerSignature)\r\n\r\n",
                .trailerMismatch("x-amz-checksum-crc32c")
            ),
            (String(lines.dropLast()) + "x-amz-meta-a:b\r\n\r\n", .trailerMismatch("x-amz-meta-a")),
            (String(lines.dropLast(2)), .malformedChunk("it ends too early")),
            (lines + "x", .malformedChunk("bytes follow its end")),
            ("no colon\r\n\r\n", .malformedChunk("a trailer is no header")),
            (String(repeating: "x", count: 9000), .malformedChunk("a line is too long")),
        ] as [(String, SignatureError)]
    )
    func refusesTrailer(_ trailer: String, _ error: SignatureError) throws {
        var output: [UInt8] = []
        let framed = ChunkedExample.framedWithTrailer(trailer)
        #expect(throws: error) { try decode(framed, ChunkedExample.signedWithTrailer(), into: &output) }
    }
}

@Suite("Chunked body, unsigned with a trailer")
struct UnsignedChunksTests {
    @Test("Decodes what botocore's clients send", arguments: try VectorFile(named: "botocore").vectors)
    func decodesBotocore(_ vector: Vector) throws {
        let file = try #require(VectorFile.botocore)
        let now = try #require(SigningTime(parsing: file.time))
        let request = try vector.request()
        guard try SignatureClaim.parse(request)?.payload == .streamingUnsignedTrailer, vector.name.hasPrefix("s3")
        else {
            return
        }
        let verified = try verify(request, secret: file.secret, body: nil, at: now)
        #expect(verified.body == .chunked)
        for step in [1, 10, .max] {
            var output: [UInt8] = []
            let trailers = try decode(vector.bodyBytes, verified, step: step, into: &output)
            let expected =
                vector.name == "s3 upload part" ? [UInt8](repeating: 0x78, count: 20_000) : Array("hello".utf8)
            #expect(output == expected)
            #expect(trailers.map(\.name) == request.headerFields[values: try name("x-amz-trailer")])
        }
    }

    static let good = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"

    @Test(
        "Refuses a body by what is wrong with it",
        arguments: [
            ("", .malformedChunk("it ends too early")),
            ("\r\n", .malformedChunk("a chunk has no length")),
            ("x\r\n", .malformedChunk("a chunk's length is not hexadecimal")),
            ("-5\r\n", .malformedChunk("a chunk's length is not hexadecimal")),
            (" 5\r\n", .malformedChunk("a chunk's length is not hexadecimal")),
            ("5 \r\n", .malformedChunk("a chunk's length is not hexadecimal")),
            ("5\n\r\n", .malformedChunk("a chunk's length is not hexadecimal")),
            ("00000000000000005\r\n", .malformedChunk("a chunk has no length")),
            ("5;chunk-signature=\(ChunkedExample.first)\r\n", .malformedChunk("a chunk of this form has no extension")),
            ("5;\r\n", .malformedChunk("a chunk of this form has no extension")),
            ("6\r\nhello!", .decodedLengthMismatch(declared: 5)),
            ("ffffffffffffffff\r\n", .decodedLengthMismatch(declared: 5)),
            ("7fffffffffffffff\r\n", .decodedLengthMismatch(declared: 5)),
            ("0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", .decodedLengthMismatch(declared: 5)),
            ("4\r\nhell\r\n0\r\n", .decodedLengthMismatch(declared: 5)),
            ("4\r\nhell\r\n1\r\no\r\n", .chunkTooSmall(minimum: 8192)),
            ("5\r\nhello0\r\n", .malformedChunk("a line end is missing")),
            ("5\r\nhello\n", .malformedChunk("a line end is missing")),
            ("5\r\nhello\rx", .malformedChunk("a line end is missing")),
            ("5\r\nhello\r\n0\r\n\r\n", .trailerMismatch("x-amz-checksum-crc32")),
            ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:NhCmhg==\r\n\r\n", .trailerMismatch("x-amz-checksum-crc32c")),
            ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a b\r\n\r\n", .trailerMismatch("x-amz-checksum-crc32")),
            ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32\r\n\r\n", .malformedChunk("a trailer is no header")),
            ("5\r\nhello\r\n0\r\nx y:z\r\n\r\n", .malformedChunk("a trailer is no header")),
            ("5\r\nhello\r\n0\r\nx-amz-trailer-signature:x\r\n\r\n", .trailerMismatch("x-amz-trailer-signature")),
            (good + "0", .malformedChunk("bytes follow its end")),
            (String(good.dropLast()), .malformedChunk("it ends too early")),
            (String(repeating: "0", count: 200), .malformedChunk("a line is too long")),
        ] as [(String, SignatureError)]
    )
    func refuses(_ body: String, _ error: SignatureError) throws {
        for step in [1, .max] {
            var output: [UInt8] = []
            #expect(throws: error) {
                try decode(Array(body.utf8), ChunkedExample.unsigned(), step: step, into: &output)
            }
        }
    }

    @Test("Decodes an empty body and one with two trailers")
    func decodesEdges() throws {
        var output: [UInt8] = []
        let both = ["x-amz-checksum-crc32 , X-Amz-Meta-Note"]
        let body = "0\r\nx-amz-meta-note:a\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
        let trailers = try decode(Array(body.utf8), ChunkedExample.unsigned(length: "0", trailer: both), into: &output)
        #expect(output.isEmpty)
        #expect(trailers.map(\.value) == ["a", "AAAAAA=="])
    }

    @Test("Needs one decoded length", arguments: ["", "-1", "+5", "5 5", "0x5", "9999999999999999999", "5,5"])
    func needsLength(_ length: String) throws {
        let verified = try ChunkedExample.unsigned(length: length)
        #expect(throws: SignatureError.malformedChunk("x-amz-decoded-content-length must be one number")) {
            try ChunkedBodyDecoder(verified)
        }
    }

    @Test(
        "Needs declared trailers that can be trailers",
        arguments: [
            [], [""], ["authorization"], ["x-amz-trailer-signature"], ["x-amz-a,x-amz-a"], ["x-amz-a", "x-amz-a"],
            ["x-amz-a,"], ["x-amz-checksum-crc32,x-amz-checksum-sha256"],
            ["x-amz-checksum-crc32", "x-amz-checksum-xxhash64"],
        ] as [[String]]
    )
    func needsTrailer(_ names: [String]) throws {
        let verified = try ChunkedExample.unsigned(trailer: names)
        #expect(throws: SignatureError.trailerMismatch("x-amz-trailer")) { try ChunkedBodyDecoder(verified) }
    }

    @Test(
        "Refuses to decode a body that is not chunked",
        arguments: [PayloadMode.unsignedPayload, .hash(SHA256.ofNothing)]
    )
    func needsChunks(_ payload: PayloadMode) throws {
        let verified = try ChunkedExample.unsigned(payload: payload)
        #expect(throws: SignatureError.malformedChunk("the body is not chunked")) { try ChunkedBodyDecoder(verified) }
    }
}

@Suite("Chunked body encoder")
struct ChunkedBodyEncoderTests {
    @Test(
        "Frames what the decoder reads, in the length that it says",
        arguments: [0, 1, 15, 16, 8191, 65_535, 65_536, 65_537, 131_072, 200_000]
    )
    func roundTrips(_ count: Int) throws {
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let checked = Trailer(name: "x-amz-checksum-crc32", value: Checksums.crc32(of: body))
        for step in [1000, 65_536, .max] {
            var encoder = ChunkedBodyEncoder()
            var framed: [UInt8] = []
            var index = 0
            while index < count {
                let end = step < count - index ? index + step : count
                encoder.encode(body.span.extracting(index..<end), into: &framed)
                index = end
            }
            encoder.finish(trailers: [checked], into: &framed)
            #expect(
                ChunkedBodyEncoder.encodedLength(decodedLength: Int64(count), trailers: [checked.name])
                    == Int64(framed.count)
            )
            var output: [UInt8] = []
            #expect(
                try decode(framed, ChunkedExample.unsigned(length: "\(count)"), step: 4096, into: &output) == [checked]
            )
            #expect(output == body)
        }
    }

    @Test(
        "Takes only its own token out of Content-Encoding",
        arguments: [
            ("aws-chunked", nil), ("AWS-Chunked ", nil), ("gzip, aws-chunked", "gzip"), ("aws-chunked,gzip", "gzip"),
            ("aws-chunked, gzip, br", "gzip, br"), ("x-aws-chunked", "x-aws-chunked"), ("", nil), ("gzip", "gzip"),
        ]
    )
    func stripsEncoding(_ value: String, _ kept: String?) {
        #expect(ChunkedBodyEncoder.contentEncodingWhenDecoded(value) == kept)
    }

    @Test("Knows no length where there is none")
    func knowsNoLength() {
        #expect(ChunkedBodyEncoder.encodedLength(decodedLength: 1, trailers: ["x-amz-meta-a"]) == nil)
        #expect(ChunkedBodyEncoder.encodedLength(decodedLength: -1, trailers: []) == nil)
        #expect(ChunkedBodyEncoder.encodedLength(decodedLength: .max, trailers: []) == nil)
        #expect(ChunkedBodyEncoder.encodedLength(decodedLength: 5_497_558_138_880, trailers: []) != nil)
    }
}
