import COpenSSL

/// A JOSE signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
public enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// RSASSA-PKCS1-v1_5.
    case rs256 = "RS256"
    /// RSASSA-PKCS1-v1_5.
    case rs384 = "RS384"
    /// RSASSA-PKCS1-v1_5.
    case rs512 = "RS512"
    /// RSASSA-PSS, salt as long as the hash.
    case ps256 = "PS256"
    /// RSASSA-PSS, salt as long as the hash.
    case ps384 = "PS384"
    /// RSASSA-PSS, salt as long as the hash.
    case ps512 = "PS512"
    /// ECDSA on P-256 alone.
    case es256 = "ES256"
    /// ECDSA on P-384 alone.
    case es384 = "ES384"
    /// ECDSA on P-521 alone.
    case es512 = "ES512"
    /// Ed25519 alone.
    case edDSA = "EdDSA"

    /// OpenSSL's name of the hash, nil where the algorithm brings its own.
    var digest: String? {
        switch self {
        case .rs256, .ps256, .es256: "SHA2-256"
        case .rs384, .ps384, .es384: "SHA2-384"
        case .rs512, .ps512, .es512: "SHA2-512"
        case .edDSA: nil
        }
    }
}

/// An elliptic curve of JOSE (RFC 7518 section 6.2.1.1).
public enum EllipticCurve: String, Sendable, Hashable, CaseIterable {
    /// NIST P-256.
    case p256 = "P-256"
    /// NIST P-384.
    case p384 = "P-384"
    /// NIST P-521.
    case p521 = "P-521"

    /// Length of a coordinate, and of each half of a signature, in bytes.
    public var coordinateLength: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The one algorithm of JOSE on this curve.
    var algorithm: SignatureAlgorithm {
        switch self {
        case .p256: .es256
        case .p384: .es384
        case .p521: .es512
        }
    }
}

/// A public key that verifies JOSE signatures; immutable, to be shared by threads.
public final class SignatureKey: Sendable {
    /// Sizes of an RSA modulus that are accepted, in bits.
    public static let acceptedModulusBits = 2048...8192

    private enum Kind: Sendable {
        case rsa
        case elliptic(EllipticCurve)
        case ed25519
    }

    private let kind: Kind
    private let handle: KeyHandle

    /// Takes an RSA key: modulus and exponent, big-endian, without leading zeros (RFC 7518 section 6.3.1).
    ///
    /// The exponent must be odd, at least 65,537 (FIPS 186-5 section 5.1) and below 2^64.
    public init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(OpenSSLError) {
        guard let top = modulus.first, top != 0, let low = exponent.last, exponent.first != 0 else {
            throw .unacceptableKey("modulus or exponent is empty or starts with a zero byte")
        }
        let bits = modulus.count <= 8192 ? modulus.count * 8 - top.leadingZeroBitCount : Int.max
        guard SignatureKey.acceptedModulusBits.contains(bits) else {
            throw .unacceptableKey("an RSA modulus must have 2048 to 8192 bits")
        }
        guard exponent.count <= 8 else { throw .unacceptableKey("the RSA exponent is too large") }
        let value = exponent.reduce(into: UInt64(0)) { $0 = $0 << 8 | UInt64($1) }
        guard low & 1 == 1, value >= 65_537 else {
            throw .unacceptableKey("the RSA exponent must be odd and at least 65537")
        }
        kind = .rsa
        // OpenSSL takes numbers in the machine's byte order, which is little-endian on all that Swift runs on.
        var n = Array(modulus.reversed())
        var e = Array(exponent.reversed())
        handle = try unsafe KeyHandle(
            owning: postern_rsa_public_key(&n, n.count, &e, e.count),
            from: "EVP_PKEY_fromdata"
        )
        try handle.checkPublicPart()
    }

    /// Takes a point, each coordinate of the curve's exact length (RFC 7518 section 6.2.1); it must be on the curve.
    public init(curve: EllipticCurve, x: [UInt8], y: [UInt8]) throws(OpenSSLError) {
        let length = curve.coordinateLength
        guard x.count == length, y.count == length else {
            throw .wrongLength(of: "coordinate", expected: length, actual: x.count == length ? y.count : x.count)
        }
        kind = .elliptic(curve)
        do throws(OpenSSLError) {
            let point = [0x04] + x + y
            handle = try unsafe KeyHandle(
                owning: postern_ec_public_key(curve.rawValue, point, point.count),
                from: "EVP_PKEY_fromdata"
            )
            try handle.checkPublicPart()
        } catch {
            throw .unacceptableKey("the point is not on \(curve.rawValue)")
        }
    }

    /// Takes an Ed25519 public key of 32 bytes (RFC 8037 section 2).
    public init(ed25519 key: [UInt8]) throws(OpenSSLError) {
        kind = .ed25519
        handle = try Ed25519.PublicKey(raw: key).handle
    }

    /// Whether `signature` was made over `message` with `algorithm` by the holder of this key.
    ///
    /// Throws `algorithmMismatch` if the key is not for that algorithm; a signature of a wrong length is false.
    public func verify(
        signature: Span<UInt8>,
        message: Span<UInt8>,
        algorithm: SignatureAlgorithm
    ) throws(OpenSSLError) -> Bool {
        switch (kind, algorithm) {
        case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512):
            return try handle.verify(signature, of: message, digest: algorithm.digest)
        case (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512):
            return try handle.verify(signature, of: message, digest: algorithm.digest, pss: true)
        case (.elliptic(let curve), _) where curve.algorithm == algorithm:
            guard signature.count == 2 * curve.coordinateLength else { return false }
            let der = try SignatureKey.makeDER(signature)
            return try handle.verify(der.span, of: message, digest: algorithm.digest)
        case (.ed25519, .edDSA):
            guard signature.count == Ed25519.signatureLength else { return false }
            return try handle.verify(signature, of: message, digest: nil)
        default:
            throw .algorithmMismatch
        }
    }

    /// Whether `signature` was made over `message` with `algorithm` by the holder of this key.
    public func verify(
        signature: [UInt8],
        message: [UInt8],
        algorithm: SignatureAlgorithm
    ) throws(OpenSSLError) -> Bool {
        try verify(signature: signature.span, message: message.span, algorithm: algorithm)
    }

    /// Turns r and s, side by side, into the DER form that OpenSSL reads; it checks their range itself.
    private static func makeDER(_ signature: Span<UInt8>) throws(OpenSSLError) -> [UInt8] {
        let half = signature.count / 2
        let r = unsafe withPointer(to: signature.extracting(0..<half)) { pointer, count in
            unsafe BN_bin2bn(pointer, Int32(count), nil)
        }
        let s = unsafe withPointer(to: signature.extracting(half..<signature.count)) { pointer, count in
            unsafe BN_bin2bn(pointer, Int32(count), nil)
        }
        guard let pair = unsafe ECDSA_SIG_new(), unsafe ECDSA_SIG_set0(pair, r, s) == 1 else {
            unsafe BN_free(r)
            unsafe BN_free(s)
            throw .draining("ECDSA_SIG_set0")
        }
        defer { unsafe ECDSA_SIG_free(pair) }
        var der = [UInt8](repeating: 0, count: signature.count + 16)
        let length = unsafe der.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            // Two integers of at most 67 bytes: headers take at most 9 bytes more.
            return unsafe i2d_ECDSA_SIG(pair, &cursor)
        }
        guard length > 0, Int(length) <= der.count else { throw .draining("i2d_ECDSA_SIG") }
        der.removeLast(der.count - Int(length))
        return der
    }
}
