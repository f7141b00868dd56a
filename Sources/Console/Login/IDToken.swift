import Foundation
import Identity
import OpenSSL

/// A verified ID token that belongs to one login (OpenID Connect Core 1.0, section 3.1.3.7).
struct IDToken: Sendable {
    let principal: Principal
    /// When the provider let the person in, where it says.
    let authenticated: UnixTime?

    /// Verifies signature, issuer, audience and times by `verifier`, then what ties the token to this login.
    init(
        _ token: [UInt8],
        verifier: TokenVerifier,
        clientID: String,
        nonce: String,
        at now: UnixTime
    ) throws(LoginError) {
        do throws(TokenError) {
            principal = try verifier.verify(token, at: now)
        } catch {
            throw .token(error)
        }
        struct Header: Decodable {
            let typ: String?
        }
        struct Claims: Decodable {
            let nonce: String
            let azp: String?
            let auth_time: Double?
        }
        // Strictly parsed and verified above: no member comes twice.
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header: Header = Self.decode(parts[0]), let claims: Claims = Self.decode(parts[1]),
            header.typ.map({ $0.uppercased() == "JWT" }) ?? true,
            constantTimeEqual(Array(claims.nonce.utf8), Array(nonce.utf8)),
            claims.azp.map({ $0 == clientID }) ?? true
        else { throw .otherToken }
        // Some providers say 0 for "not known".
        authenticated = claims.auth_time.flatMap { time in
            time >= 1 && time < 1e12 ? UnixTime(seconds: Int64(time)) : nil
        }
    }

    private static func decode<Value: Decodable>(_ part: some Collection<UInt8>) -> Value? {
        Base64URL.decode(Array(part).span).flatMap { try? JSONDecoder().decode(Value.self, from: Data($0)) }
    }
}
