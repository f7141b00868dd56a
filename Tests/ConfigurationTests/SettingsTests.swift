import AWSRequest
import Foundation
import Identity
import Testing

@testable import Configuration

private let minimal = """
    site: gateway.example.com
    database: {url: "host=/run/postgresql dbname=postern"}
    keys: {ring: /etc/postern/ring.json, checkpoint: /etc/postern/checkpoint.pem}
    console: {url: "https://gateway.example.com/_postern/console/"}
    issuers:
      - {url: "https://idp.example.com", audiences: [postern]}
    roles:
      - {arn: "arn:aws:iam::111122223333:role/agent", trust: {StringLike: {"oidc:sub": "*"}}}
    policy: [policy.yaml]
    """

@Suite("Settings")
struct SettingsTests {
    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try Settings(parsing: text, file: "p.yaml")
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }

    @Test("Defaults what may be left out")
    func defaults() throws {
        let settings = try Settings(parsing: minimal, file: "p.yaml")
        #expect(settings.worker.socket == "/run/postern/worker.sock")
        #expect(settings.worker.threads == 48)
        #expect(settings.sessionLifetime == 3_600)
        #expect(settings.upstream.server == .aws)
        #expect(settings.console.issuer == "https://idp.example.com")
        #expect(settings.roles.first?.credentials == .gateway)
    }

    @Test("Reports every mistake at once, with its line")
    func reportsAll() {
        let text = minimal + "\nworker: {threads: 0, mode: \"0666\"}\nsession: {lifetime: forever}\nsesion: {}\n"
        #expect(
            mistakes(text) == [
                "p.yaml:10: worker.mode must be octal permission bits that shut out others, such as \"0660\"",
                "p.yaml:10: worker.threads must be a number from 1 to 1024",
                "p.yaml:11: session.lifetime must be a time such as 30s, 15m or 1h, from 900s to 43200s",
                "p.yaml:12: sesion is not known; did you mean session?",
            ]
        )
    }

    @Test("Reads what an issuer and a role may have besides")
    func identity() throws {
        let issuer = """
            {url: "https://idp.example.com", audiences: [postern], ca_file: /etc/idp.pem, clock_skew: 5s,
                   required_claims: {tenant: [a, b], azp: ci, email_verified: true, realm.id: null}}
            """
        let assuming = "credentials: \"arn:aws:iam::111122223333:role/x\", external_id: a/1, session_tags: false}"
        let text = minimal.replacing("{url: \"https://idp.example.com\", audiences: [postern]}", with: issuer)
            .replacing("\"*\"}}}", with: "\"*\"}}, \(assuming)")
        let settings = try Settings(parsing: text, file: "p.yaml")
        let read = try #require(settings.issuers.first)
        #expect(
            read.requiredClaims == ["tenant": ["a", "b"], "azp": ["ci"], "email_verified": ["true"], "realm.id": []]
        )
        #expect(read.caFile == "/etc/idp.pem" && read.clockSkew == 5)
        let role = try #require(settings.roles.first)
        guard case .assume(let assumed) = role.credentials else {
            Issue.record("not assumed: \(role.credentials)")
            return
        }
        #expect(assumed.arn.text == "arn:aws:iam::111122223333:role/x" && assumed.externalID == "a/1")
        #expect(assumed.marks.sourceIdentity && !assumed.marks.tags)
    }

    @Test("Reports every mistake of issuers and roles at once, with its line")
    func identityMistakes() {
        let text = minimal.replacing(
            "issuers:\n",
            with: """
                issuers:
                  - url: http://idp.example.com
                    audiences: []
                    algorithms: [HS256]
                    required_claims: {tenant: []}
                    clock_skew: 1h
                    ca-file: x
                  - {url: "https://idp.example.com", audiences: [postern]}

                """
        ).replacing(
            "roles:\n",
            with: """
                roles:
                  - {arn: "arn:aws:iam::111122223333:role/agent", trust: {Strin: {}}, external_id: "a b", credentials: x}
                  - {arn: "arn:aws:iam::111122223333:role/b", trust: {StringLike: {"oidc:sub": "*"}}, external_id: "ab"}
                  - {arn: "arn:aws:iam::111122223333:role/agent", trust: {StringLike: {"oidc:sub": "a"}}}

                """
        )
        #expect(
            mistakes(text) == [
                "p.yaml:6: issuers.url must be https, or http to a loopback address",
                "p.yaml:7: issuers.audiences must name at least one value of aud, and none that is empty",
                "p.yaml:8: issuers.algorithms has HS256, which is none of those accepted",
                "p.yaml:9: issuers.required_claims.tenant has no value that would be accepted: null asks only that the claim is there",
                "p.yaml:10: issuers.clock_skew must be a time such as 30s, 15m or 1h, from 0s to 300s",
                "p.yaml:11: issuers.ca-file is not known; did you mean ca_file?",
                "p.yaml:13: issuers.url is that of an issuer above",
                "p.yaml:15: roles.external_id must be 2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -",
                "p.yaml:15: roles.credentials must be default, or the ARN of a role to assume",
                "p.yaml:15: roles.trust: unknown condition operator \"Strin\"",
                "p.yaml:16: roles.external_id is for a role that is assumed: name its ARN in credentials",
                "p.yaml:18: roles.arn is that of a role above",
            ]
        )
    }

    @Test(
        "Refuses what it must not start with",
        arguments: [
            ("issuers:", "issers:"), ("audiences: [postern]", "audiences: []"), ("trust:", "trusted:"),
            ("role/agent", "user/agent"), ("https://idp", "http://idp"), ("dbname=postern", "password=x"),
            ("[policy.yaml]", "[]"), ("site: gateway.example.com", "site:"),
            ("\"https://gateway.example.com/_postern", "\"http://gateway.example.com/_postern"),
            ("{StringLike: {\"oidc:sub\": \"*\"}}", "{StringLik: {\"oidc:sub\": \"*\"}}"),
            ("{StringLike: {\"oidc:sub\": \"*\"}}", "{}"),
        ]
    )
    func refuses(_ change: (from: String, to: String)) {
        #expect(minimal.contains(change.from))
        #expect(!mistakes(minimal.replacing(change.from, with: change.to)).isEmpty)
    }

    @Test(
        "A webhook is told over a way that nobody can listen to",
        arguments: [
            ("{url: \"https://hooks.example.com/x\", form: slack}", true), ("{url: \"http://127.0.0.1:1\"}", true),
            ("{url: \"http://hooks.example.com\"}", false), ("{form: json}", false),
            ("{url: \"http://localhost.example.com/\"}", false), ("{url: \"http://127.0.0.1:x@example.com/\"}", false),
            ("{url: \"https://h\", form: mail}", false), ("{url: \"https://h\", secret: x}", false),
        ]
    )
    func webhook(_ value: String, _ isAccepted: Bool) {
        #expect(mistakes(minimal + "\nwebhook: \(value)\n").isEmpty == isAccepted)
    }

    @Test(
        "Records and checkpoints go where a program can write",
        arguments: [
            ("sinks: {file: /var/log/postern/audit.jsonl, syslog: \"unix:/dev/log\", queue: 500}", true),
            ("checkpoint_export: {file: /x, syslog: \"tcp://siem:601\"}", true),
            ("checkpoint_export: {s3: {bucket: audit-heads, prefix: a/, region: eu-central-1}}", true),
            ("checkpoint_export: {s3: {bucket: audit.heads}}", true), ("checkpoint_export: {s3: null}", true),
            ("sinks: {file: audit.jsonl}", false), ("sinks: {syslog: /dev/log}", false), ("sinks: {queue: 1}", false),
            ("sinks: {s3: {bucket: audit-heads}}", false), ("checkpoint_export: {s3: audit-heads}", false),
            ("checkpoint_export: {s3: {prefix: a/}}", false), ("checkpoint_export: {s3: {bucket: ab}}", false),
            ("checkpoint_export: {s3: {bucket: Audit-Heads}}", false), ("checkpoint_file: /x", false),
            ("checkpoint_export: {s3: {bucket: audit-heads, prefix: a}}", false),
            ("checkpoint_export: {s3: {bucket: audit-heads, prefix: \"a?/\"}}", false),
            ("checkpoint_export: {s3: {bucket: audit-heads, region: \"x.evil.example\"}}", false),
            ("checkpoint_export: {file: checkpoints}", false), ("checkpoint_export: {queue: 5}", false),
        ]
    )
    func auditPlaces(_ value: String, _ isAccepted: Bool) throws {
        #expect(mistakes(minimal + "\naudit: {\(value)}\n").isEmpty == isAccepted)
    }

    @Test("A bucket for checkpoints is in the site's region, unless it says otherwise")
    func auditBucket() throws {
        let parts = "\nupstream: {regions_default: eu-west-1}\naudit: {checkpoint_export: {s3: {bucket: heads}}}\n"
        let text = minimal + parts
        let bucket = try Settings(parsing: text, file: "p.yaml").audit.checkpointExport.bucket
        #expect(bucket?.region == "eu-west-1")
        #expect(bucket?.prefix == "postern/checkpoints/")
    }

    @Test("Refuses text that is no YAML, and a file that is none", arguments: ["a: [", "- a", "\u{0}"])
    func refusesBroken(_ text: String) {
        #expect(!mistakes(text).isEmpty)
        #expect(throws: ConfigurationErrors.self) { try Settings(file: "/nonexistent/postern.yaml", environment: [:]) }
    }

    @Test(
        "Connects to another server than AWS only where nobody can listen in",
        arguments: [
            ("aws", true), ("http://127.0.0.1:5000", true), ("https://aws.test:8443", true), ("http://10.0.0.1", false),
            ("ftp://127.0.0.1", false), ("http://127.0.0.1:99999", false), ("https://a/b", false),
        ]
    )
    func upstream(_ url: String, _ isAccepted: Bool) {
        #expect(mistakes(minimal + "\nupstream: {url: \"\(url)\"}\n").isEmpty == isAccepted)
    }

    @Test("Takes customers' own endpoints and access points")
    func customers() throws {
        let text =
            minimal + """

                upstream:
                  customer_endpoints:
                    neptunedata: [db.cluster-abc.eu-west-1.neptune.amazonaws.com]
                    kinesis-video-media: ["*.kinesisvideo.eu-west-1.amazonaws.com"]
                    apigatewaymanagementapi: [abc123.execute-api.eu-west-1.amazonaws.com/prod]
                  access_points: ["arn:aws:s3:eu-west-1:111122223333:accesspoint/reports"]
                """
        let upstream = try Settings(parsing: text, file: "p.yaml").upstream
        #expect(upstream.accessPoints.map(\.label) == ["reports-111122223333"])
        #expect(upstream.customerEndpoints != .init())
    }

    @Test(
        "Refuses other endpoints and access points, by their line",
        arguments: [
            "customer_endpoints: {neptunedta: [a.b.eu-west-1.neptune.amazonaws.com]}",
            "customer_endpoints: {s3: [a.s3.eu-west-1.amazonaws.com]}",
            "customer_endpoints: {timestream-query: [a.query.timestream.eu-west-1.amazonaws.com]}",
            "customer_endpoints: {neptunedata: [evil.example.com]}",
            "customer_endpoints: {neptunedata: [a.b.eu-west-1.neptune.amazonaws.com.evil.com]}",
            "customer_endpoints: {neptunedata: [\"*.amazonaws.com\"]}",
            "customer_endpoints: {neptunedata: [\"*.eu-west-1.amazonaws.com\"]}",
            "customer_endpoints: {neptunedata: [\"*\"]}",
            "customer_endpoints: {neptunedata: [\"a.*.eu-west-1.neptune.amazonaws.com\"]}",
            "customer_endpoints: {neptunedata: [\"a*.b.eu-west-1.neptune.amazonaws.com\"]}",
            "customer_endpoints: {neptunedata: [A.b.eu-west-1.neptune.amazonaws.com]}",
            "customer_endpoints: {neptunedata: [a.b.neptune.amazonaws.com]}",
            "customer_endpoints: {neptunedata: [\"a.b.eu-west-1.neptune.amazonaws.com:8182\"]}",
            "customer_endpoints: {neptunedata: [\"u@a.b.eu-west-1.neptune.amazonaws.com\"]}",
            "customer_endpoints: {neptunedata: [a.b.eu-west-1.neptune.amazonaws.com/]}",
            "customer_endpoints: {neptunedata: [a.b.eu-west-1.neptune.amazonaws.com/../x]}",
            "customer_endpoints: {neptunedata: [\"a.b.eu-west-1.neptune.amazonaws.com/x?y\"]}",
            "customer_endpoints: {neptunedata: a.b.eu-west-1.neptune.amazonaws.com}",
            "customer_endpoints: [a.b.eu-west-1.neptune.amazonaws.com]",
            "access_points: [reports]", "access_points: [\"arn:aws:s3:::bucket\"]",
            "access_points: [\"arn:aws:s3::111122223333:accesspoint/x.mrap\"]",
            "access_points: [\"arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/accesspoint/reports\"]",
            "access_points: [\"arn:aws:s3:eu-west-1:1111:accesspoint/reports\"]",
        ]
    )
    func refusesCustomers(_ line: String) {
        let found = mistakes(minimal + "\nupstream:\n  url: aws\n  \(line)\n")
        #expect(found.count == 1 && found.first?.hasPrefix("p.yaml:12: upstream.") == true, "\(found)")
    }
}

@Suite("Credentials that systemd passes")
struct PassedCredentialTests {
    @Test("Take the place of files of the same name, and of no others")
    func replaced() throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "postern-\(UInt32.random(in: 0 ... .max))"
        )
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "postern.yaml").path()
        try Data(minimal.utf8).write(to: URL(filePath: file))
        try Data().write(to: directory.appending(path: "checkpoint.pem"))
        try Data().write(to: directory.appending(path: "ring.json"))
        let settings = try Settings(file: file, environment: ["CREDENTIALS_DIRECTORY": directory.path()])
        #expect(settings.keys.checkpoint == directory.path() + "/checkpoint.pem")
        #expect(settings.keys.ring == "/etc/postern/ring.json")
        #expect(try Settings(file: file, environment: [:]).keys.checkpoint == "/etc/postern/checkpoint.pem")
        #expect(
            try Settings(file: file, environment: ["CREDENTIALS_DIRECTORY": "/nowhere"]).keys.checkpoint
                == "/etc/postern/checkpoint.pem"
        )
    }
}
