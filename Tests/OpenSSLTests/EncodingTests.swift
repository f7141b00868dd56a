import OpenSSL
import Testing

@Suite("Hex, base64 and base64url")
struct EncodingTests {
    /// RFC 4648 section 10.
    static let rfc4648 = [
        ("", "", ""), ("f", "Zg==", "66"), ("fo", "Zm8=", "666f"), ("foo", "Zm9v", "666f6f"),
        ("foob", "Zm9vYg==", "666f6f62"), ("fooba", "Zm9vYmE=", "666f6f6261"), ("foobar", "Zm9vYmFy", "666f6f626172"),
    ]

    @Test("Agree with RFC 4648", arguments: rfc4648)
    func agree(_ text: String, _ base64: String, _ hex: String) {
        let bytes = Array(text.utf8)
        let unpadded = base64.replacing("=", with: "")
        #expect(Base64.encode(bytes) == base64)
        #expect(Base64.decode(base64) == bytes)
        #expect(Base64URL.encode(bytes) == unpadded)
        #expect(Base64URL.decode(unpadded) == bytes)
        #expect(Hex.encode(bytes) == hex)
        #expect(Hex.decode(hex.uppercased()) == bytes)
    }

    @Test("Round-trip every length and every byte")
    func roundTrip() {
        for length in 0...259 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }

    @Test(
        "Base64 refuses padding tricks, other alphabets and trailing bits",
        arguments: [
            "=", "==", "====", "Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "Z===", "Zh==", "Zm9=", "Zm8", "Zm 8", "Zm8=\n",
            "-_-_", "Zm=8", "Zm9v====", "\u{0}AAA", "é===",
        ]
    )
    func base64Refuses(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(
        "Base64url refuses padding, other alphabets and trailing bits",
        arguments: ["=", "Z", "Zg==", "Zh", "Zm9", "Zm8=", "+/+/", "Zm9v\n", " Zm9v", "AAAAA", "Zm9v.", "é"]
    )
    func base64URLRefuses(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(
        "Hex refuses odd lengths and other digits",
        arguments: ["0", "0g", "g0", "000", "0x", " 0", "٠٠", "@@", "``"]
    )
    func hexRefuses(_ text: String) {
        #expect(Hex.decode(text) == nil)
    }
}

@Suite("Secret bytes")
struct SecretBytesTests {
    @Test("Never show what they hold")
    func areRedacted() {
        let secret = SecretBytes(utf8: "hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104"))
            #expect(text.contains("<secret>"))
        }
    }

    @Test("Are equal when all bytes are")
    func compare() {
        #expect(SecretBytes([1, 2, 3]) == SecretBytes([1, 2, 3]))
        #expect(SecretBytes([1, 2, 3]) != SecretBytes([1, 2, 4]))
        #expect(SecretBytes([1, 2, 3]) != SecretBytes([1, 2]))
        #expect(SecretBytes([UInt8]()) == SecretBytes([UInt8]()))
    }

    @Test("Lend their bytes")
    func lend() {
        let secret = SecretBytes([7, 8])
        #expect(secret.count == 2)
        #expect(secret.withSpan { [$0[0], $0[1]] } == [7, 8])
    }

    @Test("Constant-time comparison agrees with the ordinary one")
    func constantTime() {
        let samples: [[UInt8]] = [[], [0], [1], [0, 0], [0, 1], [1, 0]]
        for left in samples {
            for right in samples {
                #expect(constantTimeEqual(left, right) == (left == right))
            }
        }
    }
}

@Suite("Random bytes")
struct RandomBytesTests {
    @Test("Come in the asked length and do not repeat", arguments: [0, 1, 16, 4096])
    func make(_ count: Int) throws {
        let bytes = try RandomBytes.make(count: count)
        #expect(bytes.count == count)
        if count >= 16 { #expect(try RandomBytes.make(count: count) != bytes) }
    }

    @Test("Refuse an impossible length", arguments: [-1, Int.max])
    func refuse(_ count: Int) {
        #expect(throws: OpenSSLError.wrongLength(of: "random bytes", expected: 2_147_483_647, actual: count)) {
            try RandomBytes.make(count: count)
        }
    }
}
