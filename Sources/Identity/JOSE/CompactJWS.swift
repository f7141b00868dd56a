internal import OpenSSL

/// A JWS in compact serialisation (RFC 7515 section 3.1), its header read strictly, its signature not yet checked.
struct CompactJWS: Sendable {
    /// The longest token that is looked at, in bytes.
    static let maximumLength = 16_384

    let algorithm: SignatureAlgorithm
    let keyID: String?
    /// The claims as they were signed; nothing in them counts before `isSigned(by:)`.
    let unverifiedPayload: [UInt8]
    private let signingInput: [UInt8]
    private let signature: [UInt8]

    /// Reads header and parts.
    ///
    /// A key or certificate in the header (`jwk`, `jku`, `x5u`, `x5c`, `x5t`) is not looked at.
    init(parsing token: [UInt8]) throws(TokenError) {
        guard token.count <= Self.maximumLength else { throw .tooLarge }
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(Array(parts[0]).span), !header.isEmpty,
            let payload = Base64URL.decode(Array(parts[1]).span), !payload.isEmpty,
            let signature = Base64URL.decode(Array(parts[2]).span), !signature.isEmpty
        else { throw .malformed }
        let members = try Self.members(of: header)
        guard members["crit"] == nil else { throw .criticalHeader }
        // RFC 7797 demands "crit" beside "b64": without it the two readings of the payload would differ.
        guard members["b64"] == nil, members["enc"] == nil, members["zip"] == nil else { throw .headerMalformed }
        guard let name = members["alg"]?.string else { throw .headerMalformed }
        guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw .algorithmNotAccepted }
        try Self.checkType(members)
        var keyID: String?
        if let value = members["kid"] {
            guard let text = value.string, (1...256).contains(text.utf8.count) else { throw .headerMalformed }
            keyID = text
        }
        self.algorithm = algorithm
        self.keyID = keyID
        self.signature = signature
        unverifiedPayload = payload
        signingInput = Array(token[..<parts[1].endIndex])
    }

    /// Whether the holder of `key` signed header and payload.
    func isSigned(by key: SignatureKey) -> Bool {
        (try? key.verify(signature: signature, message: signingInput, algorithm: algorithm)) ?? false
    }

    /// Reads an object, telling duplicates from other mistakes.
    static func members(of document: [UInt8]) throws(TokenError) -> [String: JSONValue] {
        do throws(JSONError) {
            guard let members = try JSONValue(parsing: document).object else { throw JSONError.syntax }
            return members
        } catch {
            throw error == .duplicateMember ? .duplicateMember : .malformed
        }
    }

    /// Accepts plain JWTs and access tokens (RFC 9068): a logout, DPoP or event token is not an identity.
    private static func checkType(_ members: [String: JSONValue]) throws(TokenError) {
        if let type = members["typ"] {
            guard let name = type.string?.lowercased(), ["jwt", "at+jwt", "application/at+jwt"].contains(name) else {
                throw .typeNotAccepted
            }
        }
        guard members["cty"] == nil else { throw .typeNotAccepted }
    }
}
