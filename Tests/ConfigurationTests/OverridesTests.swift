import Foundation
import Testing
import Yams

@testable import Configuration

/// What environment variables change, and what is said of their mistakes.
@Suite("Settings from the environment")
struct OverridesTests {
    private let text = """
        site: gateway.example.com
        database: {url: "host=/run/postgresql dbname=postern"}
        keys: {ring: /etc/postern/ring.json, checkpoint: /etc/postern/checkpoint.pem}
        console: {url: "https://gateway.example.com/_postern/console/"}
        issuers: [{url: "https://idp.example.com", audiences: [postern]}]
        roles: [{arn: "arn:aws:iam::111122223333:role/agent", trust: {StringLike: {"oidc:sub": "*"}}}]
        policy: [/etc/postern/policy.yaml]
        audit: {queue: 500, deadline: 3s}
        """

    private func settings(_ environment: [String: String]) throws -> Settings {
        try Settings(parsing: text, file: "postern.yaml", environment: environment)
    }

    private func mistakes(_ environment: [String: String]) -> [String] {
        do {
            _ = try settings(environment)
            return []
        } catch let errors as ConfigurationErrors {
            return errors.mistakes.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test("A variable counts in place of the file's value and leaves its neighbours alone")
    func replaces() throws {
        let settings = try settings(["POSTERN__AUDIT__DEADLINE": "7s", "POSTERN__WORKER__THREADS": "9"])
        #expect(settings.audit.deadline == 7)
        #expect(settings.audit.queue == 500)
        #expect(settings.worker.threads == 9)
        #expect(settings.auth.threads == 16)
    }

    @Test("Single underscores belong to a key, double ones part the path; null is the default")
    func paths() throws {
        let settings = try settings([
            "POSTERN__AUDIT__CHECKPOINT_EXPORT__S3": "{bucket: checkpoints}",
            "POSTERN__AUDIT__CHECKPOINT_EXPORT__S3__REGION": "eu-west-1",
            "POSTERN__AUDIT__QUEUE": "null",
            "POSTERN__POLICY": "[/a.yaml, /b.yaml]",
        ])
        #expect(settings.audit.checkpointExport.bucket?.name == "checkpoints")
        #expect(settings.audit.checkpointExport.bucket?.region == "eu-west-1")
        #expect(settings.audit.queue == 10_000)
        #expect(settings.policyFiles == ["/a.yaml", "/b.yaml"])
    }

    @Test("Other variables are none of its business, those of scripts/stack among them")
    func others() throws {
        let settings = try settings(["POSTERN_UPSTREAM": "x", "POSTERN_POLICY": "x", "PATH": "x", "postern__site": "x"])
        #expect(settings.site == "gateway.example.com")
        #expect(settings.policyFiles == ["/etc/postern/policy.yaml"])
    }

    @Test(
        "A mistake is told of the variable that made it",
        arguments: [
            (
                "POSTERN__AUDIT__DEADLINE", "soon",
                "audit.deadline must be a time such as 30s, 15m or 1h, from 1s to 30s"
            ),
            ("POSTERN__AUDIT__DEDLINE", "5s", "audit.dedline is not known; did you mean deadline?"),
            ("POSTERN__WORKER__THREADS", "0", "worker.threads must be a number from 1 to 1024"),
            ("POSTERN__WORKER__MODE", "0666", "worker.mode must be octal permission bits that shut out others"),
            ("POSTERN__POLICY", "/etc/postern/policy.yaml", "policy must be a list"),
            ("POSTERN__UPSTREAM__FIPS", "yes", "upstream.fips must be true or false"),
            ("POSTERN__ISSUERS", "[{url: ftp://x, audiences: [a]}]", "issuers.url "),
            ("POSTERN__ROLES", "[{arn: nothing, trust: {}}]", "roles.arn must be a role's ARN"),
            ("POSTERN__SITE__NAME", "x", "names a key below one that is no mapping"),
            ("POSTERN__SITE", "", "is empty: leave it out for the default"),
            ("POSTERN__SITE", "[", "is not YAML"),
            ("POSTERN__", "x", "must be the path of a key in capitals"),
            ("POSTERN__AUDIT__", "x", "must be the path of a key in capitals"),
            ("POSTERN__audit__deadline", "5s", "must be the path of a key in capitals"),
            ("POSTERN__AWS_SECRET_ACCESS_KEY", "x", "aws_secret_access_key is not known"),
            ("POSTERN__DATABASE__URL", "host=x password=y", "database.url must not hold a password"),
            ("POSTERN__CONSOLE__CLIENT_SECRET", "x", "console.client_secret is not known"),
        ]
    )
    func tells(name: String, value: String, message: String) {
        let mistakes = mistakes([name: value])
        #expect(mistakes.contains { $0.hasPrefix("\(name): \(message)") }, "\(mistakes)")
    }

    @Test("All mistakes are told at once, those of the file with its lines")
    func atOnce() {
        let environment = ["POSTERN__AUDIT__DEADLINE": "soon", "POSTERN__WORKER__THREADS": "many", "POSTERN__X": "1"]
        let broken = text.replacing("queue: 500", with: "queue: 5")
        do {
            _ = try Settings(parsing: broken, file: "postern.yaml", environment: environment)
            Issue.record("took mistakes")
        } catch {
            let places = Set(error.mistakes.map { $0.description.prefix { $0 != " " } })
            let expected = ["POSTERN__AUDIT__DEADLINE:", "POSTERN__WORKER__THREADS:", "POSTERN__X:", "postern.yaml:8:"]
            #expect(places == Set(expected.map { Substring($0) }))
        }
    }

    @Test("A value longer than any setting is refused unread")
    func bounded() {
        let long = String(repeating: "x", count: Overrides.longestValue + 1)
        #expect(mistakes(["POSTERN__SITE": long]).first?.contains("is longer than 65536 bytes") == true)
        #expect(mistakes(["POSTERN__SITE": String(long.dropFirst())]) == [])
    }

    @Test("Without a file the environment says everything; without both the file is missed")
    func withoutFile() throws {
        let environment = try variables(of: text)
        let settings = try Settings(file: "/nonexistent/postern.yaml", environment: environment)
        let file = try self.settings([:])
        #expect(settings.site == file.site && settings.database == file.database)
        #expect(settings.policyFiles == file.policyFiles && settings.issuers == file.issuers)
        #expect(settings.roles.map(\.arn) == file.roles.map(\.arn))
        #expect(settings.audit == file.audit)
        do {
            _ = try Settings(file: "/nonexistent/postern.yaml", environment: ["PATH": "/bin"])
            Issue.record("took nothing for a configuration")
        } catch {
            #expect(error.mistakes.map(\.message) == ["No such file or directory"])
        }
    }

    @Test("Every key of docs/configuration.md has its variable")
    func everyKey() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let blocks = page.components(separatedBy: "```yaml\n").dropFirst()
        let everything = String(try #require(blocks.last?.components(separatedBy: "```").first))
        let environment = try variables(of: everything)
        #expect(environment.count > 40)
        let file = try Settings(parsing: everything, file: "postern.yaml")
        let given = try Settings(file: "/nonexistent/postern.yaml", environment: environment)
        #expect(String(describing: given.audit) == String(describing: file.audit))
        #expect(String(describing: given.console) == String(describing: file.console))
        #expect(String(describing: given.worker) == String(describing: file.worker))
        #expect(given.issuers == file.issuers)
        #expect(given.upstream == file.upstream)
        #expect(given.sessionLifetime == file.sessionLifetime)
    }

    /// Every key of a file that is not below a list, as a variable.
    private func variables(of text: String) throws -> [String: String] {
        var variables: [String: String] = [:]
        func walk(_ node: Node, _ path: [String]) throws {
            if let mapping = node.mapping, !mapping.isEmpty {
                for (key, value) in mapping { try walk(value, path + [try #require(key.string)]) }
            } else {
                let name = "POSTERN__" + path.joined(separator: "__").uppercased()
                variables[name] = try Yams.serialize(node: node)
            }
        }
        try walk(try #require(try Yams.compose(yaml: text)), [])
        return variables
    }
}
