import Foundation
import Testing

@testable import Configuration

/// docs/configuration.md is what people write their configuration by.
@Suite("docs/configuration.md")
struct DocumentationTests {
    private let text: String
    /// The two files that it shows: the least, and everything at its default.
    private let least: String
    private let everything: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        text = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let blocks = text.components(separatedBy: "```yaml\n").dropFirst().map {
            String($0.prefix(upTo: $0.range(of: "```")?.lowerBound ?? $0.endIndex))
        }
        least = try #require(blocks.first)
        everything = try #require(blocks.last)
        #expect(blocks.count == 2)
    }

    @Test("Shows a least configuration that is accepted, and needs every line of it")
    func leastIsAccepted() throws {
        _ = try Settings(parsing: least, file: "least.yaml")
        for key in ["site:", "database:", "keys:", "console:", "issuers:", "roles:", "policy:"] {
            let without = least.split(separator: "\n").filter { !$0.hasPrefix(key) }.joined(separator: "\n")
            #expect(throws: ConfigurationErrors.self, "\(key)") { try Settings(parsing: without, file: "less.yaml") }
        }
    }

    @Test("Shows the defaults as they are")
    func defaults() throws {
        let short = try Settings(parsing: least, file: "least.yaml")
        let long = try Settings(parsing: everything, file: "everything.yaml")
        #expect(String(describing: short.auth) == String(describing: long.auth))
        #expect(String(describing: short.worker) == String(describing: long.worker))
        #expect(String(describing: short.console) == String(describing: long.console))
        #expect(short.issuers == long.issuers)
        #expect(short.roles.map(\.credentials) == long.roles.map(\.credentials))
        #expect(short.sessionLifetime == long.sessionLifetime)
        #expect(short.revocationsStaleAfter == long.revocationsStaleAfter)
        #expect(short.clockSkew == long.clockSkew)
        #expect(short.upstream == long.upstream)
        #expect(short.audit == long.audit)
        #expect(short.masking == long.masking)
    }

    @Test("Has a row for every key that it shows")
    func rows() throws {
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.joined(separator: "\n")
        let keys = everything.matches(of: /\b([a-z_]+):(\s|$)/).map { String($0.output.1) }
        #expect(keys.count > 40)
        for key in Set(keys).subtracting([
            "masking", "profiles", "default", "database", "keys", "session", "upstream", "audit", "claims", "approvers",
        ]) {
            #expect(rows.contains("`\(key)`") || rows.contains(".\(key)`") || rows.contains("\(key)."), "\(key)")
        }
    }

    @Test("Has a row for every key that is read")
    func isComplete() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/Configuration")
        let names = [
            "Settings+Parsing.swift", "Settings+Audit.swift", "Settings+Identity.swift", "MaskingSettings.swift",
        ]
        let code =
            try names
            .map { try String(contentsOf: sources.appending(path: $0), encoding: .utf8) }.joined()
        let readers =
            /(?:\.(?:text|texts|required|integer|decimal|boolean|seconds|mode|list|node)\(|reader, )"([a-z_]+)"/
        let keys = Set(code.matches(of: readers).map { String($0.output.1) })
        #expect(keys.count > 35)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.joined(separator: "\n")
        for key in keys { #expect(rows.contains("`\(key)`") || rows.contains(".\(key)`"), "\(key)") }
    }
}
