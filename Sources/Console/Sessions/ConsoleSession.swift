import Identity
import OpenSSL

/// A person who is logged in.
struct ConsoleSession: Sendable {
    let issuer: String
    let subject: String
    /// How the pages call the person; it authorises nothing.
    let name: String
    let groups: [String]
    /// What a policy's conditions may ask: `oidc:` and a claim's name, to its values.
    let conditionValues: [String: [String]]
    /// When the person proved who he is.
    let authenticated: UnixTime
    let token: SessionToken

    /// Whether both are the same person, whoever vouches: one may have the same name with several issuers.
    func isRequester(subject: String) -> Bool {
        self.subject.utf8.elementsEqual(subject.utf8)
    }
}

/// The secret that a browser holds for its session: 32 random bytes, base64url in the cookie.
struct SessionToken: Sendable {
    /// The cookie's name; the prefix makes browsers insist on Secure, Path=/ and no Domain.
    static let cookieName = "__Host-postern-console"
    private let bytes: [UInt8]

    /// Makes a new one.
    init() throws(LoginError) {
        guard let bytes = try? RandomBytes.make(count: 32) else { throw .cryptography }
        self.bytes = bytes
    }

    /// Reads a cookie's value; nil for what was never one.
    init?(cookie: String) {
        guard let bytes = Base64URL.decode(cookie), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// The cookie's value: secret.
    var cookie: String { Base64URL.encode(bytes) }

    /// What the database knows it by.
    var hash: [UInt8] { SHA256.hash(bytes).bytes }

    /// The token that a form for `subject` (a route's path) must send back; it opens nothing else.
    func formToken(for subject: String) -> String {
        let message = Array("postern console form 1\n\(subject)".utf8)
        return Base64URL.encode(HMACSHA256.authenticate(key: bytes, message: message).bytes)
    }

    /// Whether a form for `subject` sent what this session's page gave it.
    func accepts(formToken: String?, for subject: String) -> Bool {
        guard let formToken else { return false }
        return constantTimeEqual(Array(formToken.utf8), Array(self.formToken(for: subject).utf8))
    }
}
