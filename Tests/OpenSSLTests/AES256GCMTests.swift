import OpenSSL
import Testing

@Suite("AES-256-GCM")
struct AES256GCMTests {
    static let key = [UInt8](repeating: 1, count: 32)
    static let nonce = [UInt8](repeating: 2, count: 12)

    @Test("Agrees with NIST, on messages that fit and on those that do not")
    func agreesWithNIST() throws {
        let records = try vectorRecords(of: "aes256gcm.txt")
        #expect(records.count == 150)
        for record in records {
            let fields = try record.dropFirst().map(bytes)
            let (key, nonce, aad, plaintext, sealed) = (
                fields[0], fields[1], fields[2], fields[3], fields[4] + fields[5]
            )
            if record[0] == "pass" {
                #expect(
                    try AES256GCM.seal(plaintext.span, key: key.span, nonce: nonce.span, aad: aad.span) == sealed
                )
                #expect(try AES256GCM.open(sealed.span, key: key.span, nonce: nonce.span, aad: aad.span) == plaintext)
            } else {
                #expect(throws: OpenSSLError.authenticationFailed) {
                    try AES256GCM.open(sealed.span, key: key.span, nonce: nonce.span, aad: aad.span)
                }
            }
        }
    }

    @Test("Refuses a message of which any one bit is changed, and any shorter one")
    func refusesForgery() throws {
        let (key, nonce, aad) = (AES256GCMTests.key, AES256GCMTests.nonce, Array("context".utf8))
        let sealed = try AES256GCM.seal(Array("secret".utf8).span, key: key.span, nonce: nonce.span, aad: aad.span)
        for bit in 0..<(sealed.count * 8) {
            var forged = sealed
            forged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: OpenSSLError.authenticationFailed) {
                try AES256GCM.open(forged.span, key: key.span, nonce: nonce.span, aad: aad.span)
            }
        }
        for length in 0..<sealed.count {
            let short = Array(sealed.prefix(length))
            #expect(throws: OpenSSLError.authenticationFailed) {
                try AES256GCM.open(short.span, key: key.span, nonce: nonce.span, aad: aad.span)
            }
        }
    }

    @Test("Refuses another context, key or nonce")
    func refusesOtherContext() throws {
        let (key, nonce, aad) = (AES256GCMTests.key, AES256GCMTests.nonce, Array("context".utf8))
        let sealed = try AES256GCM.seal(Array("secret".utf8).span, key: key.span, nonce: nonce.span, aad: aad.span)
        let others: [([UInt8], [UInt8], [UInt8])] = [
            (key, nonce, []), (key, nonce, aad + [0]), ([0] + key.dropFirst(), nonce, aad),
            (key, [0] + nonce.dropFirst(), aad),
        ]
        for (key, nonce, aad) in others {
            #expect(throws: OpenSSLError.authenticationFailed) {
                try AES256GCM.open(sealed.span, key: key.span, nonce: nonce.span, aad: aad.span)
            }
        }
    }

    @Test("Refuses a key or nonce of another length", arguments: [0, 11, 13, 16, 31, 33])
    func refusesLengths(_ count: Int) {
        let wrong = [UInt8](repeating: 0, count: count)
        let (key, nonce) = (AES256GCMTests.key, AES256GCMTests.nonce)
        #expect(throws: OpenSSLError.wrongLength(of: "key", expected: 32, actual: count)) {
            try AES256GCM.seal(nonce.span, key: wrong.span, nonce: nonce.span, aad: nonce.span)
        }
        #expect(throws: OpenSSLError.wrongLength(of: "nonce", expected: 12, actual: count)) {
            try AES256GCM.open(key.span, key: key.span, nonce: wrong.span, aad: nonce.span)
        }
    }
}
