import AWSRequest
import Configuration
import Gateway
import Masking
import Policy
import Testing

@Suite("Masking profiles of the configuration")
struct MaskingProfilesTests {
    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try MaskingProfiles.engine(
                try MaskingSettings(parsing: text, file: "p.yaml"),
                catalogue: try Catalogue.embedded()
            )
            return []
        } catch let error as ConfigurationErrors {
            return error.mistakes.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private let whole = """
        detectors: {email: on, personal: off, jwt: off}
        members:
          - {operation: dynamodb.GetItem, path: Item/note/S}
        excepted:
          - {operation: "ssm.*", path: Parameter/Value}
        own:
          - type: acme-key
            pattern: 'acme_[0-9a-f]{8,32}'
            validator: random
            entropy: 2.5
            context: [acme, vault]
            tests: {masks: ["vault: acme_0a1b2c3d4e5f60718"], keeps: ["vault: acme_aaaaaaaa", "acme"]}
        unreadable: deny
        requests: ask
        """

    @Test("Makes an engine of everything that a profile can say")
    func complete() throws {
        let settings = try MaskingSettings(parsing: whole, file: "p.yaml")
        let profile = try MaskingProfiles.engine(settings, catalogue: Catalogue.embedded()).profile
        #expect(profile.personalData == [.email])
        #expect(profile.exceptedTypes == ["jwt"])
        #expect(profile.members.map(\.isMasked) == [true, false])
        #expect(profile.members.map(\.operation) == ["dynamodb.GetItem", "ssm.*"])
        #expect(profile.detectors.map(\.type) == ["acme-key"])
        #expect(profile.detectors.first?.context == ["acme", "vault"])
        #expect(profile.unreadable == .deny)
        #expect(profile.requests == .ask)
    }

    @Test(
        "Reports what a profile cannot mean, by line",
        arguments: [
            ("jwt: off", "jwtt: off", "p.yaml:1: detectors: nothing is called jwtt; there are model"),
            ("jwt: off", "jwt: maybe", "p.yaml:1: detectors.jwt must be on or off"),
            ("dynamodb.GetItem", "dynamodb.GetItm", "p.yaml:3: AWS has no operation dynamodb.GetItm"),
            ("ssm.*", "smm.*", "p.yaml:5: AWS has no operation smm.*"),
            ("path: Item/note/S", "pth: x", "p.yaml:3: members.path is missing: names joined by /, such as Item/*/S"),
            ("path: Item/note/S", "path: /", "p.yaml:1: member dynamodb.GetItem /"),
            (
                "type: acme-key", "type: Acme",
                "p.yaml:7: detector Acme: its type needs lower-case letters, digits and dashes"
            ),
            ("{8,32}'", "+'", "p.yaml:7: detector acme-key: its pattern must match from 1 to 512 bytes, {1,64} not +"),
            ("[0-9a-f]{8,32}", "[0-9", "p.yaml:7: detector acme-key: its pattern: "),
            ("validator: random", "validator: randm", "p.yaml:7: validator must be none, luhn, iban, random"),
            ("entropy: 2.5", "entropy: 9", "p.yaml:10: own.entropy must be a number from 0.0 to 8.0"),
            (
                "masks: [\"vault: acme_0", "masks: [\"vault: acm_0",
                "p.yaml:7: detector acme-key: it finds nothing in \"vault: acm_0"
            ),
            (
                "keeps: [\"vault: acme_aaaaaaaa\"", "keeps: [\"vault acme_0a1b2c3d4e5f60718\"",
                "p.yaml:7: detector acme-key: it finds something in"
            ),
            ("tests: {", "test: {", "p.yaml:7: own.tests needs masks: a text in which the pattern matches"),
            ("unreadable: deny", "unreadable: ask", "p.yaml:13: unreadable must be pass or deny"),
            ("requests: ask", "requests: no", "p.yaml:14: requests must be pass or ask or deny"),
            ("requests: ask", "request: ask", "p.yaml:14: request is not known; did you mean requests?"),
        ]
    )
    func mistakesByLine(_ right: String, _ wrong: String, _ message: String) {
        let text = whole.replacing(right, with: wrong)
        #expect(text != whole)
        let found = mistakes(text)
        #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
    }

    @Test("Knows which profiles a policy names and the configuration lacks")
    func missing() throws {
        let policy = try PolicySet(parsing: [
            PolicySource(
                name: "p.yaml",
                text: """
                    Version: "2012-10-17"
                    Statement: [{Effect: Allow, Action: "ssm:Get*", Resource: "*", Mask: strict},
                                {Effect: Allow, Action: "s3:Get*", Resource: "*", Mask: default}]
                    """
            )
        ])
        #expect(MaskingProfiles.missing(in: ["default"], policy: policy).count == 1)
        #expect(MaskingProfiles.missing(in: ["default", "strict"], policy: policy).isEmpty)
    }
}
