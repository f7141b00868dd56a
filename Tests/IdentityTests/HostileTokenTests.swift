import OpenSSL
import Synchronization
import Testing

@testable import Identity

@Suite("Hostile tokens")
struct HostileTokenTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let error: TokenError
        /// Makes the token from an issuer that would sign anything.
        let make: @Sendable (TestIssuer) throws -> [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ error: TokenError, _ make: @escaping @Sendable (TestIssuer) throws -> [UInt8]) {
            self.name = name
            self.error = error
            self.make = make
        }

        static func header(_ name: String, _ error: TokenError, _ header: String) -> Case {
            Case(name, error) { try $0.token(header: header) }
        }

        static func claims(_ name: String, _ error: TokenError, _ claims: String) -> Case {
            Case(name, error) { try $0.token(claims: claims) }
        }

        /// Changes the text of a good token.
        static func text(_ name: String, _ error: TokenError, _ change: @escaping @Sendable (String) -> String) -> Case
        {
            Case(name, error) { Array(change(String(decoding: try $0.token(), as: UTF8.self)).utf8) }
        }
    }

    private static let now = TestIssuer.now.seconds
    private static func with(_ members: String) -> String {
        #"{"iss":"https://idp.example.com",\#(members)}"#
    }
    private static let times = #""iat":\#(now),"exp":\#(now + 300)"#
    private static let who = #""sub":"agent-7","aud":"postern""#

    static let form: [Case] = [
        Case("empty", .malformed) { _ in [] },
        Case("only dots", .malformed) { _ in Array("..".utf8) },
        Case("16,385 bytes", .tooLarge) { _ in [UInt8](repeating: 0x61, count: 16_385) },
        Case("16,384 bytes of one part", .malformed) { _ in [UInt8](repeating: 0x61, count: 16_384) },
        Case("bytes that are not ASCII", .malformed) { _ in [0xFF, 0x2E, 0xFE, 0x2E, 0xFD] },
        .text("two parts", .malformed) { $0.split(separator: ".").prefix(2).joined(separator: ".") },
        .text("four parts", .malformed) { $0 + ".AAAA" },
        .text("five parts, as encrypted tokens have", .malformed) { $0 + ".AAAA.AAAA" },
        .text("no signature", .malformed) { $0.split(separator: ".").prefix(2).joined(separator: ".") + "." },
        .text("padding", .malformed) { $0 + "==" },
        .text("a blank in front", .malformed) { " " + $0 },
        .text("a line end behind", .malformed) { $0 + "\n" },
        .text("the standard alphabet's plus", .malformed) { $0 + "++++" },
        .text("a NUL behind", .malformed) { $0 + "\0" },
        .text("another signature's bytes", .signatureInvalid) {
            $0.split(separator: ".").prefix(2).joined(separator: ".") + "." + String(repeating: "A", count: 86)
        },
        .text("a short signature", .signatureInvalid) {
            $0.split(separator: ".").prefix(2).joined(separator: ".") + ".AAAA"
        },
        .text("a JSON serialisation", .malformed) { #"{"payload":"\#($0)","signatures":[]}"# },
    ]

    static let headers: [Case] = [
        .header("alg none", .algorithmNotAccepted, #"{"alg":"none","kid":"key-1"}"#),
        .header("alg nOnE", .algorithmNotAccepted, #"{"alg":"nOnE","kid":"key-1"}"#),
        .header("alg HS256", .algorithmNotAccepted, #"{"alg":"HS256","kid":"key-1"}"#),
        Case("HS256 keyed with the public key", .algorithmNotAccepted) { issuer in
            let input =
                Base64URL.encode(Array(#"{"alg":"HS256","kid":"key-1"}"#.utf8)) + "."
                + Base64URL.encode(Array(TestIssuer.claims().utf8))
            let key = issuer.world.withLock { $0.keys[0].key.publicKey.raw }
            let seal = HMACSHA256.authenticate(key: key, message: Array(input.utf8))
            return Array((input + "." + Base64URL.encode(seal.bytes)).utf8)
        },
        .header("alg missing", .headerMalformed, #"{"kid":"key-1"}"#),
        .header("alg a number", .headerMalformed, #"{"alg":1,"kid":"key-1"}"#),
        .header("alg a list", .headerMalformed, #"{"alg":["EdDSA"],"kid":"key-1"}"#),
        .header("alg twice", .duplicateMember, #"{"alg":"EdDSA","alg":"none","kid":"key-1"}"#),
        .header("alg twice, once escaped", .duplicateMember, #"{"alg":"EdDSA","\u0061lg":"none","kid":"key-1"}"#),
        .header("kid twice", .duplicateMember, #"{"alg":"EdDSA","kid":"key-1","kid":"key-2"}"#),
        .header("alg known, not accepted here", .algorithmNotAccepted, #"{"alg":"ES256","kid":"key-1"}"#),
        .header("alg of another key kind", .keyUnknown, #"{"alg":"RS256","kid":"key-1"}"#),
        .header("alg in lower case", .algorithmNotAccepted, #"{"alg":"eddsa","kid":"key-1"}"#),
        .header("crit", .criticalHeader, #"{"alg":"EdDSA","kid":"key-1","crit":["exp"]}"#),
        .header("empty crit", .criticalHeader, #"{"alg":"EdDSA","kid":"key-1","crit":[]}"#),
        .header("unencoded payload", .headerMalformed, #"{"alg":"EdDSA","kid":"key-1","b64":false}"#),
        .header("encryption named", .headerMalformed, #"{"alg":"EdDSA","kid":"key-1","enc":"A256GCM"}"#),
        .header("compression named", .headerMalformed, #"{"alg":"EdDSA","kid":"key-1","zip":"DEF"}"#),
        .header("nested token", .typeNotAccepted, #"{"alg":"EdDSA","kid":"key-1","cty":"JWT"}"#),
        .header("logout token", .typeNotAccepted, #"{"alg":"EdDSA","kid":"key-1","typ":"logout+jwt"}"#),
        .header("DPoP proof", .typeNotAccepted, #"{"alg":"EdDSA","kid":"key-1","typ":"dpop+jwt"}"#),
        .header("security event", .typeNotAccepted, #"{"alg":"EdDSA","kid":"key-1","typ":"secevent+jwt"}"#),
        .header("typ a number", .typeNotAccepted, #"{"alg":"EdDSA","kid":"key-1","typ":1}"#),
        .header("unknown kid", .keyUnknown, #"{"alg":"EdDSA","kid":"key-9"}"#),
        .header("kid a path", .keyUnknown, #"{"alg":"EdDSA","kid":"../../dev/null"}"#),
        .header("kid SQL", .keyUnknown, #"{"alg":"EdDSA","kid":"' OR 1=1 --"}"#),
        .header("kid empty", .headerMalformed, #"{"alg":"EdDSA","kid":""}"#),
        .header("kid a number", .headerMalformed, #"{"alg":"EdDSA","kid":1}"#),
        .header("kid null", .headerMalformed, #"{"alg":"EdDSA","kid":null}"#),
        .header(
            "kid of 257 bytes",
            .headerMalformed,
            #"{"alg":"EdDSA","kid":"\#(String(repeating: "k", count: 257))"}"#
        ),
        Case("the signer's own key in jwk", .signatureInvalid) { try stranger($0, "jwk") },
        Case("the signer's own key at jku", .signatureInvalid) { try stranger($0, "jku") },
        Case("the signer's own certificate in x5c", .signatureInvalid) { try stranger($0, "x5c") },
        Case("the signer's own certificate at x5u", .signatureInvalid) { try stranger($0, "x5u") },
        .header("header a list", .malformed, #"["EdDSA"]"#),
        .header("header with text behind", .malformed, #"{"alg":"EdDSA","kid":"key-1"}{}"#),
        .header("header with a byte order mark", .malformed, "\u{FEFF}" + #"{"alg":"EdDSA","kid":"key-1"}"#),
        .header("header with a comment", .malformed, #"{"alg":"EdDSA"/**/,"kid":"key-1"}"#),
        .header("header 40 levels deep", .malformed, #"{"alg":"EdDSA","x":"# + String(repeating: "[", count: 40)),
    ]

    static let payloads: [Case] = [
        .claims("payload a list", .malformed, "[]"),
        .claims("payload no JSON", .malformed, "hello"),
        .claims("payload with trailing comma", .malformed, #"{"iss":"https://idp.example.com",}"#),
        .claims("payload with lone surrogate", .malformed, #"{"iss":"https://idp.example.com","x":"\ud800"}"#),
        .claims("payload with a raw control character", .malformed, "{\"iss\":\"a\u{1}\"}"),
        .claims(
            "iss twice",
            .duplicateMember,
            #"{"iss":"https://evil.example","iss":"https://idp.example.com",\#(who),\#(times)}"#
        ),
        .claims("sub twice", .duplicateMember, with(#""sub":"a","sub":"b","aud":"postern",\#(times)"#)),
        .claims("a member twice, deep inside", .duplicateMember, with(#"\#(who),\#(times),"x":{"y":[{"z":1,"z":2}]}"#)),
        .claims("iss missing", .issuerUnknown, "{\(who),\(times)}"),
        .claims("iss a list", .issuerUnknown, #"{"iss":["https://idp.example.com"],\#(who),\#(times)}"#),
        .claims("iss another", .issuerUnknown, #"{"iss":"https://evil.example",\#(who),\#(times)}"#),
        .claims("iss with a slash more", .issuerUnknown, #"{"iss":"https://idp.example.com/",\#(who),\#(times)}"#),
        .claims("iss in upper case", .issuerUnknown, #"{"iss":"https://IDP.example.com",\#(who),\#(times)}"#),
        .claims("iss over http", .issuerUnknown, #"{"iss":"http://idp.example.com",\#(who),\#(times)}"#),
        .claims(
            "iss with a suffix",
            .issuerUnknown,
            #"{"iss":"https://idp.example.com.evil.example",\#(who),\#(times)}"#
        ),
        .claims("aud missing", .audienceNotAccepted, with(#""sub":"a",\#(times)"#)),
        .claims("aud another", .audienceNotAccepted, with(#""sub":"a","aud":"other",\#(times)"#)),
        .claims("aud empty", .audienceNotAccepted, with(#""sub":"a","aud":"",\#(times)"#)),
        .claims("aud an empty list", .audienceNotAccepted, with(#""sub":"a","aud":[],\#(times)"#)),
        .claims("aud with a suffix", .audienceNotAccepted, with(#""sub":"a","aud":"postern2",\#(times)"#)),
        .claims("aud in upper case", .audienceNotAccepted, with(#""sub":"a","aud":"POSTERN",\#(times)"#)),
        .claims("aud joined with a blank", .audienceNotAccepted, with(#""sub":"a","aud":"other postern",\#(times)"#)),
        .claims("aud a list with a number", .audienceNotAccepted, with(#""sub":"a","aud":["postern",1],\#(times)"#)),
        .claims("aud an object", .audienceNotAccepted, with(#""sub":"a","aud":{"postern":1},\#(times)"#)),
        .claims("sub missing", .subjectMalformed, with(#""aud":"postern",\#(times)"#)),
        .claims("sub empty", .subjectMalformed, with(#""sub":"","aud":"postern",\#(times)"#)),
        .claims("sub a number", .subjectMalformed, with(#""sub":7,"aud":"postern",\#(times)"#)),
        .claims("sub a list", .subjectMalformed, with(#""sub":["a"],"aud":"postern",\#(times)"#)),
        .claims(
            "sub of 256 bytes",
            .subjectMalformed,
            with(#""sub":"\#(String(repeating: "s", count: 256))","aud":"postern",\#(times)"#)
        ),
        .claims("sub with a look-alike letter", .subjectMalformed, with(#""sub":"аgent-7","aud":"postern",\#(times)"#)),
        .claims("sub with a line end", .subjectMalformed, with(#""sub":"a\nb","aud":"postern",\#(times)"#)),
        .claims("sub with a NUL", .subjectMalformed, with(#""sub":"a\u0000","aud":"postern",\#(times)"#)),
        .claims("exp missing", .expiryMissing, with(#"\#(who),"iat":\#(now)"#)),
        .claims("exp a string", .expiryMissing, with(#"\#(who),"exp":"\#(now + 300)""#)),
        .claims("exp null", .expiryMissing, with(#"\#(who),"exp":null"#)),
        .claims("exp negative", .expiryMissing, with(#"\#(who),"exp":-1"#)),
        .claims("exp beyond all time", .expiryMissing, with(#"\#(who),"exp":1e300"#)),
        .claims("exp beyond any number", .expiryMissing, with(#"\#(who),"exp":1e999"#)),
        .claims("exp in hexadecimal", .malformed, with(#"\#(who),"exp":0x7fffffff"#)),
        .claims("exp with leading zero", .malformed, with(#"\#(who),"exp":01800000300"#)),
        .claims("expired at the end of the skew", .expired, with(#"\#(who),"exp":\#(now - 60)"#)),
        .claims("expired years ago", .expired, with(#"\#(who),"exp":1300819380"#)),
        .claims("not valid yet, one past the skew", .notYetValid, with(#"\#(who),\#(times),"nbf":\#(now + 61)"#)),
        .claims("nbf a string", .claimMalformed, with(#"\#(who),\#(times),"nbf":"0""#)),
        .claims(
            "issued in the future, one past the skew",
            .issuedInFuture,
            with(#"\#(who),"iat":\#(now + 61),"exp":\#(now + 300)"#)
        ),
        .claims("iat an object", .claimMalformed, with(#"\#(who),"iat":{},"exp":\#(now + 300)"#)),
        .claims("one name for two claims", .claimMalformed, with(#"\#(who),\#(times),"a.b":"x","a":{"b":"y"}"#)),
        .claims("a claim with a control character", .claimMalformed, with(#"\#(who),\#(times),"x":"a\u001b[2J""#)),
        .claims(
            "257 groups",
            .claimsTooLarge,
            with(#"\#(who),\#(times),"groups":[\#(Array(repeating: #""g""#, count: 257).joined(separator: ","))]"#)
        ),
        .claims(
            "a claim of 3,100 bytes",
            .claimsTooLarge,
            with(#"\#(who),\#(times),"x":"\#(String(repeating: "x", count: 3100))""#)
        ),
    ]

    /// A good token of somebody else, who offers his own key in the header.
    private static func stranger(_ issuer: TestIssuer, _ member: String) throws -> [UInt8] {
        let key = try Ed25519.PrivateKey.generate()
        let own = #"{"kty":"OKP","crv":"Ed25519","x":"\#(Base64URL.encode(key.publicKey.raw))"}"#
        let value = member == "jwk" ? own : member == "x5c" ? #"["AAAA"]"# : #""https://evil.example/keys""#
        let input =
            Base64URL.encode(Array(#"{"alg":"EdDSA","kid":"key-1","\#(member)":\#(value)}"#.utf8)) + "."
            + Base64URL.encode(Array(TestIssuer.claims().utf8))
        return Array((input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))).utf8)
    }

    @Test("Refuses by the check that failed", arguments: form + headers + payloads)
    func refuses(_ hostile: Case) throws {
        let issuer = try TestIssuer()
        let verifier = try issuer.verifier()
        _ = try verifier.verify(try issuer.token(), at: TestIssuer.now)
        let token = try hostile.make(issuer)
        #expect(throws: hostile.error) { try verifier.verify(token, at: TestIssuer.now) }
        let hosts = issuer.world.withLock(\.fetches)
        #expect(hosts.allSatisfy { $0.hasPrefix(TestIssuer.url + "/") })
    }

    @Test("Refuses every truncation of a good token, and every bit flip in its signed part")
    func refusesDamage() throws {
        let issuer = try TestIssuer()
        let verifier = try issuer.verifier()
        let token = try issuer.token()
        _ = try verifier.verify(token, at: TestIssuer.now)
        for length in 0..<token.count {
            #expect(throws: TokenError.self) { try verifier.verify(Array(token[..<length]), at: TestIssuer.now) }
        }
        for index in token.indices {
            var damaged = token
            damaged[index] ^= 0x01
            #expect(throws: TokenError.self) { try verifier.verify(damaged, at: TestIssuer.now) }
        }
    }

    @Test("Every refusal has its own name and says something")
    func names() {
        #expect(Set(TokenError.allCases.map(\.rawValue)).count == TokenError.allCases.count)
        #expect(TokenError.allCases.allSatisfy { $0.message.hasSuffix(".") && $0.rawValue.hasPrefix("token-") })
    }
}
