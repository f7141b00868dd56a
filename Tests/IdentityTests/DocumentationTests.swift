import Foundation
import Testing

@testable import Identity

@Suite("Documentation")
struct DocumentationTests {
    static let refusals =
        CredentialError.allCases.map(Refusal.credential) + SessionError.allCases.map(Refusal.session)
        + TokenError.allCases.map(Refusal.token)

    /// The rows of the table in docs/identity.md.
    static var rows: [String] {
        refusals.map { "| `\($0.check)` | `\($0.code)` | \($0.message) |" }
    }

    @Test("docs/identity.md has every refusal as it is")
    func table() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/identity.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let table = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        #expect(table == Self.rows)
    }
}
