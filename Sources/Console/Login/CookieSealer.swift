import Identity
import OpenSSL

/// Seals small texts into cookies, so that neither the browser nor anybody else can read or make one.
///
/// `keyID "." base64url(nonce ciphertext tag)`, AES-256-GCM under a subkey of the ring.
struct CookieSealer: Sendable {
    private let ring: KeyRing
    private static let aad = Array("postern console login 1".utf8)

    init(ring: KeyRing) {
        self.ring = ring
    }

    func seal(_ text: String, at now: UnixTime) throws(LoginError) -> String {
        do {
            let key = try ring.activeKey(at: now)
            let nonce = try RandomBytes.make(count: AES256GCM.nonceLength)
            let plain = Array(text.utf8)
            let sealed = try key.subkey(.consoleCookie).withSpan { secret throws(OpenSSLError) in
                try AES256GCM.seal(plain.span, key: secret, nonce: nonce.span, aad: Self.aad.span)
            }
            return "\(key.id).\(Base64URL.encode(nonce + sealed))"
        } catch {
            throw .cryptography
        }
    }

    /// The text, or nil for everything that this ring did not seal.
    func open(_ sealed: String, at now: UnixTime) -> String? {
        let parts = sealed.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let key = ring.key(id: parts[0], at: now), let bytes = Base64URL.decode(parts[1]),
            bytes.count > AES256GCM.nonceLength
        else { return nil }
        let nonce = Array(bytes.prefix(AES256GCM.nonceLength))
        let rest = Array(bytes.dropFirst(AES256GCM.nonceLength))
        let plain = try? key.subkey(.consoleCookie).withSpan { secret throws(OpenSSLError) in
            try AES256GCM.open(rest.span, key: secret, nonce: nonce.span, aad: Self.aad.span)
        }
        return plain.flatMap { String(validating: $0, as: UTF8.self) }
    }
}
