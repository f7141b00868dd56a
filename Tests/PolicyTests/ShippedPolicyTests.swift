import Foundation
import Policy
import Testing

@Suite("Policies that ship")
struct ShippedPolicyTests {
    private static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "policy")

    static func source(_ name: String) throws -> PolicySource {
        .init(name: name, text: try String(contentsOf: directory.appending(path: name), encoding: .utf8))
    }

    @Test("Decide as their tables say", arguments: ["default", "ci-bot", "break-glass"])
    func decide(_ name: String) throws {
        let policy = try PolicySet(parsing: [Self.source(name + ".yaml")])
        let table = try PolicyTable(parsing: Self.source(name + ".test.yaml"))
        let results = table.run(policy) { _ in ActionFacts(accessLevel: "Read", risks: []) }
        #expect(results.count == table.count)
        for result in results {
            #expect(result.differences == [], "\(result.name)")
        }
    }

    @Test("Can stand beside each other")
    func together() throws {
        let names = ["default.yaml", "ci-bot.yaml", "break-glass.yaml"]
        let policy = try PolicySet(parsing: names.map(Self.source))
        #expect(policy.decide("sts:AssumeRole", level: "Write").outcome.name == "Deny")
    }

    @Test("The default policy names every statement")
    func names() throws {
        let policy = try PolicySet(parsing: [Self.source("default.yaml")])
        let request = AuthorizationRequest(action: "s3:GetObject", resources: [], accessLevel: "Read")
        let reports = policy.reports(request, resource: "*", in: .init([:]))
        #expect(reports.allSatisfy { $0.statement.sid != nil })
    }
}
