import OpenSSL
import Testing

@Suite("JOSE signature key")
struct SignatureKeyTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let name: String
        let algorithm: SignatureAlgorithm
        let type: String
        let first: [UInt8]
        let second: [UInt8]
        let message: [UInt8]
        let signature: [UInt8]

        var testDescription: String { "\(name) \(algorithm.rawValue)" }
        var isValid: Bool { name != "generated wrong salt" }

        static func all() throws -> [Vector] {
            try vectorRecords(of: "jose.txt").map { record in
                Vector(
                    name: record[0],
                    algorithm: try #require(SignatureAlgorithm(rawValue: record[1])),
                    type: record[2],
                    first: try bytes(record[3]),
                    second: try bytes(record[4]),
                    message: try bytes(record[5]),
                    signature: try bytes(record[6])
                )
            }
        }

        func key() throws -> SignatureKey {
            switch type {
            case "RSA": try SignatureKey(rsaModulus: first, exponent: second)
            case "Ed25519": try SignatureKey(ed25519: first)
            default: try SignatureKey(curve: #require(EllipticCurve(rawValue: type)), x: first, y: second)
            }
        }
    }

    @Test("Verifies published signatures and refuses a changed one", arguments: try Vector.all())
    func verifies(_ vector: Vector) throws {
        let key = try vector.key()
        #expect(
            try key.verify(signature: vector.signature, message: vector.message, algorithm: vector.algorithm)
                == vector.isValid
        )
        #expect(
            try !key.verify(signature: vector.signature, message: vector.message + [0], algorithm: vector.algorithm)
        )
        for index in vector.signature.indices {
            var forged = vector.signature
            forged[index] ^= 1
            #expect(try !key.verify(signature: forged, message: vector.message, algorithm: vector.algorithm))
        }
        let others: [[UInt8]] = [[], [0], vector.signature.dropLast(), vector.signature + [0], [0] + vector.signature]
        for other in others {
            #expect(try !key.verify(signature: other, message: vector.message, algorithm: vector.algorithm))
        }
    }

    @Test("Refuses every algorithm that is not the key's own", arguments: try Vector.all())
    func refusesOtherAlgorithms(_ vector: Vector) throws {
        let key = try vector.key()
        for algorithm in SignatureAlgorithm.allCases where algorithm != vector.algorithm {
            if vector.type == "RSA", algorithm.rawValue.hasPrefix("RS") || algorithm.rawValue.hasPrefix("PS") {
                #expect(
                    try !key.verify(signature: vector.signature, message: vector.message, algorithm: algorithm)
                )
            } else {
                #expect(throws: OpenSSLError.algorithmMismatch) {
                    try key.verify(signature: vector.signature, message: vector.message, algorithm: algorithm)
                }
            }
        }
    }

    @Test("Refuses ECDSA values outside of the curve's order")
    func refusesRange() throws {
        let vector = try #require(try Vector.all().first { $0.algorithm == .es256 })
        let key = try vector.key()
        // Order of P-256, FIPS 186-5 and SP 800-186 section 3.2.1.3.
        let order = try bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let zero = [UInt8](repeating: 0, count: 32)
        let r = Array(vector.signature.prefix(32))
        let s = Array(vector.signature.suffix(32))
        for (r, s) in [(zero, s), (r, zero), (zero, zero), (order, s), (r, order), (order, order)] {
            #expect(try !key.verify(signature: r + s, message: vector.message, algorithm: .es256))
        }
    }

    @Test("Refuses a DER signature where JOSE wants r and s")
    func refusesDER() throws {
        let vector = try #require(try Vector.all().first { $0.algorithm == .es256 })
        let der =
            [0x30, 0x46, 0x02, 0x21, 0x00] + vector.signature.prefix(32) + [0x02, 0x21, 0x00]
            + vector.signature.suffix(32)
        #expect(try !vector.key().verify(signature: der, message: vector.message, algorithm: .es256))
    }

    @Test("Refuses a point that is not on the curve", arguments: EllipticCurve.allCases)
    func refusesOffCurve(_ curve: EllipticCurve) throws {
        let vector = try #require(try Vector.all().first { $0.type == curve.rawValue })
        let zero = [UInt8](repeating: 0, count: curve.coordinateLength)
        let full = [UInt8](repeating: 0xff, count: curve.coordinateLength)
        var moved = vector.second
        moved[moved.count - 1] ^= 1
        for (x, y) in [(vector.first, moved), (vector.second, vector.first), (zero, zero), (full, full)] {
            #expect(throws: OpenSSLError.unacceptableKey("the point is not on \(curve.rawValue)")) {
                try SignatureKey(curve: curve, x: x, y: y)
            }
        }
        let length = curve.coordinateLength
        #expect(throws: OpenSSLError.wrongLength(of: "coordinate", expected: length, actual: length + 1)) {
            try SignatureKey(curve: curve, x: [0] + vector.first, y: vector.second)
        }
        #expect(throws: OpenSSLError.wrongLength(of: "coordinate", expected: length, actual: 0)) {
            try SignatureKey(curve: curve, x: vector.first, y: [])
        }
    }

    @Test("Refuses an RSA modulus that is too short, too long or padded")
    func refusesModulus() throws {
        let modulus = try #require(try Vector.all().first { $0.type == "RSA" }).first
        let f4: [UInt8] = [1, 0, 1]
        let sizes = OpenSSLError.unacceptableKey("an RSA modulus must have 2048 to 8192 bits")
        let shape = OpenSSLError.unacceptableKey("modulus or exponent is empty or starts with a zero byte")
        #expect(throws: sizes) { try SignatureKey(rsaModulus: Array(modulus.dropLast()), exponent: f4) }
        #expect(throws: sizes) { try SignatureKey(rsaModulus: [0x7f] + modulus.dropFirst(), exponent: f4) }
        #expect(throws: sizes) { try SignatureKey(rsaModulus: .init(repeating: 0xff, count: 1025), exponent: f4) }
        #expect(throws: sizes) { try SignatureKey(rsaModulus: .init(repeating: 0xff, count: 9000), exponent: f4) }
        #expect(throws: shape) { try SignatureKey(rsaModulus: [], exponent: f4) }
        #expect(throws: shape) { try SignatureKey(rsaModulus: [0] + modulus, exponent: f4) }
        #expect(throws: shape) { try SignatureKey(rsaModulus: modulus, exponent: []) }
        #expect(throws: shape) { try SignatureKey(rsaModulus: modulus, exponent: [0, 1, 0, 1]) }
    }

    @Test("Refuses an RSA exponent that is even, small or huge", arguments: [[1], [3], [2], [1, 0, 0], [0xff, 0xff]])
    func refusesExponent(_ exponent: [UInt8]) throws {
        let modulus = try #require(try Vector.all().first { $0.type == "RSA" }).first
        #expect(throws: OpenSSLError.unacceptableKey("the RSA exponent must be odd and at least 65537")) {
            try SignatureKey(rsaModulus: modulus, exponent: exponent)
        }
        #expect(throws: OpenSSLError.unacceptableKey("the RSA exponent is too large")) {
            try SignatureKey(rsaModulus: modulus, exponent: [1, 0, 0, 0, 0, 0, 0, 0, 1])
        }
    }

    @Test("Refuses an even modulus")
    func refusesEvenModulus() throws {
        var modulus = try #require(try Vector.all().first { $0.type == "RSA" }).first
        modulus[modulus.count - 1] &= 0xfe
        let even = modulus
        #expect {
            try SignatureKey(rsaModulus: even, exponent: [1, 0, 1])
        } throws: { error in
            if case OpenSSLError.unacceptableKey = error { true } else { false }
        }
    }

    @Test("Serves many threads at once")
    func isShared() async throws {
        let vector = try #require(try Vector.all().first { $0.algorithm == .ps256 })
        let key = try vector.key()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let message = number.isMultiple(of: 2) ? vector.message : vector.message + [0]
                    let valid = try? key.verify(signature: vector.signature, message: message, algorithm: .ps256)
                    return valid == number.isMultiple(of: 2)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 64 && outcomes.allSatisfy { $0 })
    }
}
