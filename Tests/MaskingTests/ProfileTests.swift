import Masking
import Testing

@Suite("Masking profiles")
struct ProfileTests {
    static func engine(_ change: (inout MaskingProfile) -> Void) throws -> MaskingEngine {
        var profile = MaskingProfile()
        change(&profile)
        return try MaskingEngine(profile: profile)
    }

    /// The default profile with these names turned on or off; all must be known.
    static func turned(_ names: [(String, Bool)]) -> MaskingProfile {
        var profile = MaskingProfile()
        for (name, isOn) in names {
            let isKnown = profile.turn(name, on: isOn)
            #expect(isKnown, "\(name)")
        }
        return profile
    }

    private func text(_ text: String, _ engine: MaskingEngine) throws -> String {
        withoutFingerprints(try engine.mask(text: text, fingerprintKey: testKey))
    }

    @Test(
        "Refuses a detector that cannot work, and says which",
        arguments: [
            ("Acme Key", "acme_[0-9]{4}", [] as [String], "its type needs lower-case letters, digits and dashes"),
            ("", "acme_[0-9]{4}", [], "its type needs lower-case letters, digits and dashes"),
            ("acme", "acme_[0-9]{4}", [""], "a word of its context is empty"),
            ("acme", "acme_.*", [], "its pattern must match from 1 to 512 bytes, {1,64} not +"),
            ("acme", "(", [], "its pattern: Missing close parenthesis for group started at index 0."),
        ]
    )
    func invalidDetector(_ type: String, pattern: String, context: [String], reason: String) {
        #expect(throws: MaskingError.invalidDetector(index: 1, reason: reason)) {
            try Self.engine {
                $0.detectors = [
                    .init(type: "other", pattern: "other_[0-9]{4}"),
                    .init(type: type, pattern: pattern, context: context),
                ]
            }
        }
    }

    @Test("Refuses a detector whose own tests fail, before anything is served")
    func failingTests() {
        #expect(throws: MaskingError.invalidDetector(index: 0, reason: "it finds nothing in \"acme_12\"")) {
            try Self.engine { $0.detectors = [.init(type: "acme", pattern: "acme_[0-9]{4}", masks: ["acme_12"])] }
        }
        #expect(throws: MaskingError.invalidDetector(index: 0, reason: "it finds something in \"acme_1234\"")) {
            try Self.engine { $0.detectors = [.init(type: "acme", pattern: "acme_[0-9]{4}", keeps: ["acme_1234"])] }
        }
    }

    @Test("Finds a site's own tokens in texts, JSON, XML, names and numbers")
    func ownDetectors() throws {
        let engine = try Self.engine {
            $0.detectors = [
                .init(type: "acme-key", pattern: #"\bacme_[0-9a-z]{8,16}\b"#),
                .init(type: "badge", pattern: "77[0-9]{6}"),
            ]
        }
        #expect(
            try text("key acme_12345678 and acme_0123456789abcdef.", engine)
                == "key [masked:acme-key:#] and [masked:acme-key:#]."
        )
        let json = Array(
            #"{"a":"acme_1234567x","b":["x\tacme_1234567x"],"acme_1234567890123":77123456,"n":78123456}"#.utf8
        )
        #expect(
            withoutFingerprints(String(decoding: try engine.maskJSON(json, fingerprintKey: testKey), as: UTF8.self))
                == #"{"a":"[masked:acme-key:#]","b":["x\t[masked:acme-key:#]"],"[masked:acme-key:#]":0,"n":78123456}"#
        )
        let xml = Array("<R><A>x acme_12345678</A><B>acme_1234567</B></R>".utf8)
        #expect(
            withoutFingerprints(
                String(decoding: try masked(xml, "", contentType: "text/xml", engine: engine).body, as: UTF8.self)
            ) == "<R><A>x [masked:acme-key:#]</A><B>acme_1234567</B></R>"
        )
    }

    @Test("Gives the same output for every way an object is cut, with detectors of its own")
    func isSplitInvariant() throws {
        let engine = try Self.engine { $0.detectors = [.init(type: "acme-key", pattern: "acme_[0-9a-z]{8,400}")] }
        let filler = String(repeating: "line of text without anything in it\n", count: 1_900)
        let body = Array(
            (filler.prefix(65_500) + "acme_" + String(repeating: "z9", count: 150) + " end\n" + filler).utf8
        )
        let whole = try masked(body, "s3.GetObject", isOpaqueObject: true, engine: engine)
        #expect(whole.findings == ["acme-key": 1])
        #expect(whole.body.count == body.count)
        for step in [1, 7, 4_096, 65_537] {
            #expect(
                try masked(body, "s3.GetObject", isOpaqueObject: true, step: step, engine: engine).body == whole.body
            )
        }
    }

    @Test("Asks for a word of the context, near the match or in a name around it")
    func context() throws {
        let engine = try Self.engine {
            $0.detectors = [.init(type: "staff", pattern: #"\b[0-9]{6}\b"#, context: ["Badge", "staff no"])]
        }
        #expect(try text("badge: 123456", engine) == "badge: [masked:staff:#]")
        #expect(try text("123456 is my STAFF NO", engine) == "[masked:staff:#] is my STAFF NO")
        #expect(try text("order 123456 sent", engine) == "order 123456 sent")
        #expect(try text("badge" + String(repeating: " ", count: 101) + "123456", engine).hasSuffix("123456"))
        let json = Array(#"{"badgeOf":{"jane":"123456"},"order":"123456","staff":{"x":"123456"}}"#.utf8)
        #expect(
            withoutFingerprints(String(decoding: try engine.maskJSON(json, fingerprintKey: testKey), as: UTF8.self))
                == #"{"badgeOf":{"jane":"[masked:staff:#]"},"order":"123456","staff":{"x":"123456"}}"#
        )
    }

    @Test(
        "Holds matches to their validator and entropy",
        arguments: [
            (MaskingProfile.Detector.Validator.luhn, 0.0, "79927398713", "79927398710"),
            (.iban, 0, "DE89370400440532013000", "DE89370400440532013001"),
            (.random, 0, "q7Zp2Lk9Xw4Rt8Vb", "my-service-name1"),
            (.anything, 3.5, "q7Zp2Lk9Xw4Rt8Vb", "aaaaaaaabbbbbbbb"),
        ]
    )
    func validators(_ validator: MaskingProfile.Detector.Validator, entropy: Double, good: String, bad: String) throws {
        let engine = try Self.engine {
            $0.personalData = []
            $0.detectors = [
                .init(type: "own", pattern: #"\b[A-Za-z0-9-]{8,30}\b"#, validator: validator, entropy: entropy)
            ]
        }
        #expect(try text("<\(good)> <\(bad)>", engine) == "<[masked:own:#]> <\(bad)>")
    }

    @Test("Turns groups, kinds and types on and off by their names")
    func switches() throws {
        let token = "gh" + "p_" + nonsense(36)
        let body = "t \(token) m jane.doe@acme.org a 10.2.3.4 v fe80:0:0:0:1:2:3:4 password=Tr0ub4dor99"
        func result(_ names: [(String, Bool)]) throws -> String {
            try text(body, Self.engine { $0 = Self.turned(names) })
        }
        let rest = "a 10.2.3.4 v fe80:0:0:0:1:2:3:4"
        #expect(try result([]) == "t [masked:github-token:#] m [masked:email:#] \(rest) password=[masked:secret:#]")
        #expect(
            try result([("personal", false)])
                == "t [masked:github-token:#] m jane.doe@acme.org \(rest) password=[masked:secret:#]"
        )
        #expect(try result([("credentials", false)]) == "t \(token) m [masked:email:#] \(rest) password=Tr0ub4dor99")
        #expect(
            try result([("credentials", false), ("secret", true)])
                == "t \(token) m [masked:email:#] \(rest) password=[masked:secret:#]"
        )
        #expect(
            try result([("github-token", false), ("email", false)])
                == "t \(token) m jane.doe@acme.org \(rest) password=[masked:secret:#]"
        )
        #expect(
            try result([("personal", false), ("credentials", false), ("address", true)])
                == "t \(token) m jane.doe@acme.org a [masked:ip-address:#] v [masked:ip-address:#] password=Tr0ub4dor99"
        )
        var profile = MaskingProfile()
        let isKnown = profile.turn("gihub-token", on: false)
        #expect(!isKnown)
    }

    @Test("Leaves AWS's own members masked when only what content tells is off")
    func modelWithoutCredentials() throws {
        let engine = try Self.engine { $0 = Self.turned([("credentials", false)]) }
        let body = Array(#"{"SecretString":"Tr0ub4dor99"}"#.utf8)
        #expect(try masked(body, "secretsmanager.GetSecretValue", engine: engine).findings == ["secret": 1])
        let other = try Self.engine { $0 = Self.turned([("model", false), ("credentials", false)]) }
        #expect(try masked(body, "secretsmanager.GetSecretValue", engine: other).body == body)
        let variables = Array(#"{"Environment":{"Variables":{"MODE":"production"}}}"#.utf8)
        let without = try Self.engine { $0 = Self.turned([("environment", false)]) }
        #expect(try masked(variables, "lambda.GetFunctionConfiguration", engine: without).body == variables)
    }
}
