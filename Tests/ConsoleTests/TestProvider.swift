import FastCGI
import Foundation
import Identity
import OpenSSL
import Synchronization
import Testing

@testable import Console

/// An OpenID provider of one Ed25519 key that answers as it is told.
final class TestProvider: Sendable {
    static let url = "https://idp.example.com"
    static let clientID = "postern-console"
    static let now = UnixTime(seconds: 1_800_000_000)

    struct World: Sendable {
        var isDown = false
        var metadata: [String: String] = [:]
        var tokenStatus = 200
        var header = #"{"alg":"EdDSA","kid":"key-1","typ":"JWT"}"#
        /// Claims beside those of a good token, as JSON members; `nil` leaves one out.
        var claims: [String: String?] = [:]
        var subject = "alice"
        var groups = ["approvers"]
        /// The form that the token endpoint got last, and its Authorization header.
        var form: FormFields?
        var authorization: String?
        var nonce = ""
    }

    let world = Mutex(World())
    let key: Ed25519.PrivateKey
    let now: UnixTime

    init(now: UnixTime = TestProvider.now) throws {
        key = try Ed25519.PrivateKey.generate()
        self.now = now
    }

    var issuer: IssuerSettings {
        get throws {
            var settings = try IssuerSettings(
                url: IssuerURL(parsing: Self.url),
                audiences: [Self.clientID],
                algorithms: [.edDSA]
            )
            settings.groupsClaim = "groups"
            return settings
        }
    }

    var fetch: Fetch {
        { [self] request throws(FetchError) in
            guard !world.withLock(\.isDown) else { throw .unreachable }
            let text: String
            switch request.url {
            case Self.url + "/.well-known/openid-configuration": text = metadata
            case Self.url + "/jwks":
                let x = Base64URL.encode(key.publicKey.raw)
                text = #"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"key-1","x":"\#(x)"}]}"#
            case Self.url + "/token":
                let form = try? FormFields(parsing: request.body)
                world.withLock {
                    $0.form = form
                    $0.authorization = request.headers.first { $0.name == "Authorization" }?.value
                }
                guard world.withLock(\.tokenStatus) == 200, let token = try? token() else {
                    return FetchedDocument(status: 400, body: Array(#"{"error":"invalid_grant"}"#.utf8))
                }
                text = #"{"id_token":"\#(token)","access_token":"secret-access-token"}"#
            default: return FetchedDocument(status: 404, body: [])
            }
            return FetchedDocument(status: 200, body: Array(text.utf8))
        }
    }

    private var metadata: String {
        var members = [
            "issuer": #""\#(Self.url)""#, "jwks_uri": #""\#(Self.url)/jwks""#,
            "authorization_endpoint": #""\#(Self.url)/auth""#, "token_endpoint": #""\#(Self.url)/token""#,
        ]
        members.merge(world.withLock(\.metadata)) { _, new in new }
        return "{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    private func token() throws -> String {
        let world = world.withLock { $0 }
        let groups = world.groups.map { "\"\($0)\"" }.joined(separator: ",")
        var claims: [String: String?] = [
            "iss": #""\#(Self.url)""#, "sub": "\"\(world.subject)\"", "aud": "\"\(Self.clientID)\"",
            "iat": "\(now.seconds)", "exp": "\(now.seconds + 300)", "nonce": "\"\(world.nonce)\"",
            "groups": "[\(groups)]", "name": "\"The \(world.subject)\"",
        ]
        claims.merge(world.claims) { _, new in new }
        let body = claims.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
        let input = Base64URL.encode(Array(world.header.utf8)) + "." + Base64URL.encode(Array("{\(body)}".utf8))
        return input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))
    }

    /// What the provider's login page would do: takes the nonce, and gives the answer's query.
    func answer(to location: String) throws -> FormFields {
        let query = try query(of: location)
        world.withLock { $0.nonce = query["nonce"] ?? "" }
        return try FormFields(parsing: "code=code-1&state=\(query["state"] ?? "")".utf8)
    }

    func query(of location: String) throws -> FormFields {
        let mark = try #require(location.firstIndex(of: "?"))
        return try FormFields(parsing: location[location.index(after: mark)...].utf8)
    }
}
