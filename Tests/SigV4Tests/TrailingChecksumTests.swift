import Compression
import OpenSSL
import Testing

@testable import SigV4

/// Checksums as trailers state them.
enum Checksums {
    static func crc32(of bytes: [UInt8]) -> String {
        let value = CRC32.of(bytes.span)
        return Base64.encode(
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
        )
    }
}

@Suite("Trailing checksum")
struct TrailingChecksumTests {
    /// "123456789" is the check string of the CRC catalogues and of RFC 3720; the others are sha1sum's and its likes'.
    static let known = [
        ("crc32", "y/Q5Jg=="), ("crc32c", "4waSgw=="), ("crc64nvme", "rosUhgp5mIg="),
        ("sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="), ("md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        ("sha512", "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ=="),
    ]

    @Test("Knows the published values, however the bytes are split", arguments: known)
    func published(_ name: String, _ value: String) throws {
        let bytes = Array("123456789".utf8)
        for step in [1, 2, 7, 8, 9] {
            let checksum = try #require(TrailingChecksum(trailer: "x-amz-checksum-\(name)"))
            for start in stride(from: 0, to: bytes.count, by: step) {
                checksum.update(bytes.span.extracting(start..<min(start + step, bytes.count)))
            }
            #expect(checksum.finish() == value)
        }
    }

    @Test("Is the same in pieces as at once", arguments: ["crc32c", "crc64nvme"])
    func pieces(_ name: String) throws {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 8) }
        let whole = try #require(TrailingChecksum(trailer: "x-amz-checksum-\(name)"))
        whole.update(bytes.span)
        let expected = whole.finish()
        for step in [1, 3, 8, 4096] {
            let checksum = try #require(TrailingChecksum(trailer: "x-amz-checksum-\(name)"))
            for start in stride(from: 0, to: bytes.count, by: step) {
                checksum.update(bytes.span.extracting(start..<min(start + step, bytes.count)))
            }
            #expect(checksum.finish() == expected)
        }
    }

    @Test(
        "Leaves to AWS what it cannot compute",
        arguments: ["x-amz-checksum-xxhash64", "x-amz-checksum-", "x-amz-checksum-CRC32", "x-amz-meta-crc32", "crc32"]
    )
    func unknown(_ name: String) {
        #expect(TrailingChecksum(trailer: name) == nil)
    }

    private func decode(_ name: String, _ value: String, body: String = "123456789") throws -> [UInt8] {
        let framed = Array("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\(name):\(value)\r\n\r\n".utf8)
        var decoder = try ChunkedBodyDecoder(ChunkedExample.unsigned(length: "\(body.utf8.count)", trailer: [name]))
        var output: [UInt8] = []
        for byte in framed.indices { try decoder.decode(framed.span.extracting(byte..<byte + 1), into: &output) }
        _ = try decoder.finish()
        return output
    }

    @Test("Takes a body whose trailer is right", arguments: known)
    func right(_ name: String, _ value: String) throws {
        #expect(try decode("x-amz-checksum-\(name)", value) == Array("123456789".utf8))
    }

    @Test("Refuses a body whose trailer is another's, before it is complete", arguments: known)
    func wrong(_ name: String, _ value: String) {
        let name = "x-amz-checksum-\(name)"
        for (body, value) in [("123456780", value), ("123456789", "AAAA"), ("123456789", "="), ("223456789", value)] {
            #expect(throws: SignatureError.trailingChecksumMismatch(name)) { try decode(name, value, body: body) }
        }
        #expect(SignatureError.trailingChecksumMismatch(name).code == "BadDigest")
        #expect(SignatureError.trailingChecksumMismatch(name).status == 400)
    }

    @Test("Passes a checksum on whose algorithm it does not have")
    func passesOn() throws {
        #expect(try decode("x-amz-checksum-xxhash64", "AAAAAAAAAAA=") == Array("123456789".utf8))
    }
}
