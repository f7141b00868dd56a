import OpenSSL
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    @Test(
        "Hashes the examples of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func hashes(_ text: String, _ hex: String) {
        #expect(SHA256.hash(Array(text.utf8)).hex == hex)
    }

    @Test("Gives the same digest however the bytes are split", arguments: [1, 7, 63, 64, 65, 300])
    func isIncremental(_ size: Int) {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var hasher = SHA256Hasher()
        for start in stride(from: 0, to: bytes.count, by: size) {
            hasher.update(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        let digest = hasher.finish()
        #expect(digest == SHA256.hash(bytes))
    }

    @Test(
        "Refuses a digest of another length or alphabet",
        arguments: [
            "", "00", String(repeating: "0", count: 63), String(repeating: "0", count: 66),
            String(repeating: "g", count: 64),
        ]
    )
    func refusesMalformed(_ text: String) {
        #expect(SHA256Digest(hex: text) == nil)
    }

    @Test("Reads and writes hexadecimal, and tells every bit apart")
    func roundTrips() throws {
        let digest = SHA256.hash(Array("x".utf8))
        #expect(SHA256Digest(hex: digest.hex) == digest)
        #expect(SHA256Digest(hex: digest.hex.uppercased()) == digest)
        #expect(SHA256Digest(bytes: digest.bytes) == digest)
        for bit in 0..<256 {
            var bytes = digest.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(SHA256Digest(bytes: bytes) != digest)
        }
    }
}

@Suite("HMAC-SHA256 and HKDF-SHA256")
struct KeyedDigestTests {
    /// RFC 4231 sections 4.2 to 4.8 (4.6 truncates and is left out).
    static let rfc4231: [(key: [UInt8], message: [UInt8], tag: String)] = [
        (
            .init(repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            .init(repeating: 0xaa, count: 20), .init(repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(1...25), .init(repeating: 0xcd, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            .init(repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            .init(repeating: 0xaa, count: 131),
            Array(
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm."
                    .utf8
            ),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    @Test("Authenticates the messages of RFC 4231", arguments: rfc4231.indices)
    func authenticates(_ index: Int) {
        let vector = KeyedDigestTests.rfc4231[index]
        #expect(HMACSHA256.authenticate(key: vector.key, message: vector.message).hex == vector.tag)
        let secret = SecretBytes(vector.key)
        #expect(HMACSHA256.authenticate(key: secret, message: vector.message.span).hex == vector.tag)
    }

    @Test("Serves many threads at once")
    func isShared() async {
        let expected = HMACSHA256.authenticate(key: [1], message: [2])
        let agreed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    (0..<200).allSatisfy { _ in HMACSHA256.authenticate(key: [1], message: [2]) == expected }
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(agreed)
    }

    @Test("Takes an empty key and an empty message")
    func takesNothing() {
        // Known value of HMAC-SHA256 with both empty.
        #expect(
            HMACSHA256.authenticate(key: [], message: []).hex
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        )
    }

    /// RFC 5869 appendix A.1 to A.3.
    static let rfc5869: [(input: [UInt8], salt: [UInt8], info: [UInt8], output: String)] = [
        (
            .init(repeating: 0x0b, count: 22), Array(0x00...0x0c), Array(0xf0...0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        (
            Array(0x00...0x4f), Array(0x60...0xaf), Array(0xb0...0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        (
            .init(repeating: 0x0b, count: 22), [], [],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ),
    ]

    @Test("Derives the keys of RFC 5869", arguments: rfc5869.indices)
    func derives(_ index: Int) throws {
        let vector = KeyedDigestTests.rfc5869[index]
        let key = try HKDFSHA256.derive(
            from: vector.input.span,
            salt: vector.salt.span,
            info: vector.info.span,
            count: vector.output.count / 2
        )
        #expect(key.withSpan { Hex.encode($0) } == vector.output)
    }

    @Test("Refuses a derived key of an impossible length", arguments: [-1, 0, 8161])
    func refusesLength(_ count: Int) {
        #expect(throws: OpenSSLError.wrongLength(of: "derived key", expected: 8160, actual: count)) {
            let bytes: [UInt8] = [1]
            _ = try HKDFSHA256.derive(from: bytes.span, salt: bytes.span, info: bytes.span, count: count)
        }
    }
}
