internal import OpenSSL

/// The keys of one issuer that can verify signatures, out of its JWK set (RFC 7517).
///
/// Keys that cannot be used safely (symmetric, private, weak, for encryption, of an unknown kind) are left out rather
/// than failing the set: issuers publish such keys beside the ones that matter.
public struct VerificationKeySet: Sendable {
    /// The most keys that are taken from one set.
    static let maximumKeys = 64

    struct Entry: Sendable {
        let id: String?
        /// The algorithms that the key may verify.
        let algorithms: Set<SignatureAlgorithm>
        let key: SignatureKey
    }

    let entries: [Entry]

    /// Reads a JWK set document.
    ///
    /// - Throws: `TokenError.keysMalformed` when the document is not one, or no key in it can be used.
    public init(parsing document: [UInt8]) throws(TokenError) {
        guard let root = try? JSONValue(parsing: document), let keys = root.object?["keys"]?.array,
            keys.count <= Self.maximumKeys
        else { throw .keysMalformed }
        entries = keys.compactMap { $0.object.flatMap(Self.entry) }
        guard !entries.isEmpty else { throw .keysMalformed }
    }

    /// The keys that may have made a signature with this algorithm and key id.
    func candidates(id: String?, algorithm: SignatureAlgorithm) -> [SignatureKey] {
        entries.filter { entry in
            entry.algorithms.contains(algorithm) && (id == nil || entry.id == id)
        }.map(\.key)
    }

    private static func entry(_ members: [String: JSONValue]) -> Entry? {
        // A key whose private half is public proves nothing.
        guard members["d"] == nil, members["k"] == nil else { return nil }
        if let use = members["use"], use.string != "sig" { return nil }
        if let operations = members["key_ops"], operations.array?.contains(.string("verify")) != true { return nil }
        var id: String?
        if let value = members["kid"] {
            guard let text = value.string else { return nil }
            id = text
        }
        guard let (key, kindAlgorithms) = key(members) else { return nil }
        guard let declared = members["alg"] else { return Entry(id: id, algorithms: kindAlgorithms, key: key) }
        guard let algorithm = declared.string.flatMap(SignatureAlgorithm.init(rawValue:)),
            kindAlgorithms.contains(algorithm)
        else { return nil }
        return Entry(id: id, algorithms: [algorithm], key: key)
    }

    private static func key(_ members: [String: JSONValue]) -> (SignatureKey, Set<SignatureAlgorithm>)? {
        func bytes(_ name: String) -> [UInt8]? {
            members[name]?.string.flatMap { Base64URL.decode($0) }
        }
        switch (members["kty"]?.string, members["crv"]?.string) {
        case ("RSA", _):
            guard let modulus = bytes("n"), let exponent = bytes("e"),
                let key = try? SignatureKey(rsaModulus: modulus, exponent: exponent)
            else { return nil }
            return (key, [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512])
        case ("EC", let name?):
            guard let curve = EllipticCurve(rawValue: name), let x = bytes("x"), let y = bytes("y"),
                let key = try? SignatureKey(curve: curve, x: x, y: y)
            else { return nil }
            return (key, [curve == .p256 ? .es256 : curve == .p384 ? .es384 : .es512])
        case ("OKP", "Ed25519"?):
            guard let x = bytes("x"), let key = try? SignatureKey(ed25519: x) else { return nil }
            return (key, [.edDSA])
        default: return nil
        }
    }
}
