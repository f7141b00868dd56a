import Foundation
import OpenSSL
import Testing

@testable import Identity

@Suite("Published JWS vectors")
struct PublishedVectorTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        struct Key: Codable, Sendable {
            var kty: String
            var n, e, crv, x, y, kid, use: String?
        }
        let name: String
        let key: Key
        let token: String

        var testDescription: String { name }

        static func all() throws -> [Vector] {
            struct File: Decodable { let vectors: [Vector] }
            let url = try #require(Bundle.module.url(forResource: "Vectors/jws", withExtension: "json"))
            return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).vectors
        }

        func keySet() throws -> VerificationKeySet {
            let document = try JSONEncoder().encode(["keys": [key]])
            return try VerificationKeySet(parsing: Array(document))
        }
    }

    @Test("Holds seven vectors")
    func count() throws {
        #expect(try Vector.all().count == 7)
    }

    @Test(
        "Verifies, and refuses each with one bit changed in header, payload or signature",
        arguments: try Vector.all()
    )
    func verifies(_ vector: Vector) throws {
        let jws = try CompactJWS(parsing: Array(vector.token.utf8))
        let keys = try vector.keySet().candidates(id: jws.keyID, algorithm: jws.algorithm)
        #expect(keys.count == 1)
        let key = try #require(keys.first)
        #expect(jws.isSigned(by: key))

        let parts = vector.token.split(separator: ".").map { Base64URL.decode($0) ?? [] }
        for part in 1..<3 {
            for index in [0, parts[part].count / 2, parts[part].count - 1] {
                var changed = parts
                changed[part][index] ^= 1
                let token = changed.map { Base64URL.encode($0) }.joined(separator: ".")
                let forged = try CompactJWS(parsing: Array(token.utf8))
                #expect(!forged.isSigned(by: key))
            }
        }
    }

    @Test("No key verifies another vector's signature")
    func doesNotMix() throws {
        let vectors = try Vector.all()
        for (index, vector) in vectors.enumerated() {
            let jws = try CompactJWS(parsing: Array(vector.token.utf8))
            for (other, holder) in vectors.enumerated() where other != index && holder.key.n != vector.key.n {
                for entry in try holder.keySet().entries { #expect(!jws.isSigned(by: entry.key)) }
            }
        }
    }
}
