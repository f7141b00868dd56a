import OpenSSL
import Testing

@Suite("Ed25519")
struct Ed25519Tests {
    /// RFC 8032 section 7.1, test 1, in PEM (made by the Python package cryptography).
    static let privatePEM = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
        -----END PRIVATE KEY-----

        """
    static let publicPEM = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
        -----END PUBLIC KEY-----

        """
    static let encryptedPEM = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhDgfwSFbYckgICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFR6pN0F5UEPFF/Z8RB0maoEQG0i
        za5Fgv9/c8H9med7ttjbbh8T73t+Rq2dcFT2kcUM2HJWGrWMvDpTEPEy0hduYFDh
        YMcDjtOCKyUTwPovQI0=
        -----END ENCRYPTED PRIVATE KEY-----

        """

    @Test("Agrees with the published signatures")
    func agrees() throws {
        let records = try vectorRecords(of: "ed25519.txt")
        #expect(records.count == 42)
        for record in records {
            let fields = try record.map(bytes)
            let key = try Ed25519.PrivateKey(raw: SecretBytes(fields[0]))
            #expect(key.publicKey.raw == fields[1])
            #expect(try key.sign(fields[2]) == fields[3])
            #expect(try key.publicKey.verify(fields[3], of: fields[2]))
            #expect(try !key.publicKey.verify(fields[3], of: fields[2] + [0]))
            #expect(try !key.publicKey.verify(fields[3].dropLast(), of: fields[2]))
            #expect(try !key.publicKey.verify(fields[3] + [0], of: fields[2]))
        }
    }

    @Test("Refuses a signature of which any one bit is changed")
    func refusesForgery() throws {
        let key = try Ed25519.PrivateKey.generate()
        let message = Array("message".utf8)
        let signature = try key.sign(message)
        for bit in 0..<512 {
            var forged = signature
            forged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try !key.publicKey.verify(forged, of: message))
        }
    }

    @Test("Reads and writes PEM")
    func travelsAsPEM() throws {
        let key = try Ed25519.PrivateKey(pem: Array(Ed25519Tests.privatePEM.utf8).span)
        #expect(try key.pem() == SecretBytes(utf8: Ed25519Tests.privatePEM))
        #expect(try key.publicKey.pem() == Ed25519Tests.publicPEM)
        #expect(try Ed25519.PublicKey(pem: Array(Ed25519Tests.publicPEM.utf8).span) == key.publicKey)
        #expect("\(key)" == "<Ed25519 private key>")
    }

    @Test(
        "Refuses what is no unencrypted Ed25519 private key",
        arguments: ["", "-----BEGIN PRIVATE KEY-----\n", publicPEM, encryptedPEM]
    )
    func refusesPrivate(_ pem: String) {
        #expect {
            try Ed25519.PrivateKey(pem: Array(pem.utf8).span)
        } throws: { error in
            if case OpenSSLError.library(call: "PEM_read_bio", _) = error { true } else { false }
        }
    }

    @Test("Refuses a key of another kind")
    func refusesOtherKind() {
        // An EC key, made with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.
        let pem = """
            -----BEGIN PUBLIC KEY-----
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJRQmelYzt1QzNwjOnVBmuDuo7EA5
            xektYqwU9vYIwP4/Cn6k3wANhwq+DJfjQ0SlHmpGH9e1eKKnwFVc9HkvcA==
            -----END PUBLIC KEY-----
            """
        #expect(throws: OpenSSLError.unacceptableKey("not an Ed25519 public key")) {
            try Ed25519.PublicKey(pem: Array(pem.utf8).span)
        }
    }

    @Test("Refuses a raw key of another length", arguments: [0, 31, 33, 64])
    func refusesLength(_ count: Int) {
        let raw = [UInt8](repeating: 0, count: count)
        #expect(throws: OpenSSLError.wrongLength(of: "Ed25519 key", expected: 32, actual: count)) {
            try Ed25519.PublicKey(raw: raw)
        }
        #expect(throws: OpenSSLError.wrongLength(of: "Ed25519 key", expected: 32, actual: count)) {
            try Ed25519.PrivateKey(raw: SecretBytes(raw))
        }
    }
}
