import OpenSSL
import Synchronization

@testable import Identity

/// An issuer with Ed25519 keys whose documents come from a table, and whose every fetch is counted.
final class TestIssuer: Sendable {
    static let url = "https://idp.example.com"
    static let now = UnixTime(seconds: 1_800_000_000)

    struct World: Sendable {
        var now = TestIssuer.now
        var keys: [(id: String?, key: Ed25519.PrivateKey)]
        var isDown = false
        var fetches: [String] = []
        var issuerInDiscovery = TestIssuer.url
        var extraKeys = ""
    }

    let world: Mutex<World>

    init() throws {
        world = Mutex(World(keys: [("key-1", try Ed25519.PrivateKey.generate())]))
    }

    var settings: IssuerSettings {
        get throws {
            var settings = try IssuerSettings(
                url: IssuerURL(parsing: Self.url),
                audiences: ["postern", "https://postern.test/"],
                algorithms: [.edDSA, .rs256]
            )
            settings.groupsClaim = "groups"
            return settings
        }
    }

    var fetch: Fetch {
        { [self] request throws(FetchError) in
            let (isDown, document) = world.withLock { world in
                world.fetches.append(request.url)
                return (world.isDown, Self.document(request.url, world))
            }
            guard !isDown else { throw .unreachable }
            return document
        }
    }

    func keys(timing: KeySetState.Timing = KeySetState.Timing()) throws -> IssuerKeys {
        IssuerKeys(issuer: try settings, timing: timing, fetch: fetch) { [self] in world.withLock(\.now) }
    }

    func verifier() throws -> TokenVerifier {
        TokenVerifier(issuers: [try keys()])
    }

    /// Header and claims of a good token, as JSON.
    static let header = #"{"alg":"EdDSA","kid":"key-1","typ":"JWT"}"#
    static func claims(_ extra: String = "", at now: UnixTime = now) -> String {
        #"{"iss":"\#(url)","sub":"agent-7","aud":"postern","iat":\#(now.seconds),"exp":\#(now.seconds + 300)\#(extra)}"#
    }

    func token(header: String = header, claims: String = claims(), key index: Int = 0) throws -> [UInt8] {
        let key = world.withLock { $0.keys[index].key }
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        let signature = try key.sign(Array(input.utf8))
        return Array((input + "." + Base64URL.encode(signature)).utf8)
    }

    private static func document(_ url: String, _ world: World) -> FetchedDocument {
        switch url {
        case Self.url + "/.well-known/openid-configuration":
            let text = #"{"issuer":"\#(world.issuerInDiscovery)","jwks_uri":"\#(Self.url)/jwks"}"#
            return FetchedDocument(status: 200, body: Array(text.utf8))
        case Self.url + "/jwks":
            let keys = world.keys.map { id, key in
                let name = id.map { #""kid":"\#($0)","# } ?? ""
                return #"{"kty":"OKP","crv":"Ed25519",\#(name)"x":"\#(Base64URL.encode(key.publicKey.raw))"}"#
            }
            let text = #"{"keys":[\#(keys.joined(separator: ","))\#(world.extraKeys)]}"#
            return FetchedDocument(status: 200, body: Array(text.utf8))
        default: return FetchedDocument(status: 404, body: [])
        }
    }
}
