import AWSRequest
import ArgumentParser
import Foundation
import Policy

/// `posternctl policy`: checks, explains and tests policy files, and compares them with what the audit has.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check, explain, test and replay policy files.",
        subcommands: [PolicyCheck.self, PolicyExplain.self, PolicyReplayCommand.self, PolicyTest.self]
    )
}

/// The policy files that a command works on.
struct PolicyFiles: ParsableArguments {
    @Option(name: [.customShort("p"), .customLong("policy")], help: "A policy file; repeat it for several.")
    var paths: [String]

    /// All files as one policy; prints every mistake and ends the command when there are any.
    func read() throws -> PolicySet {
        try Self.read(paths)
    }

    static func read(_ paths: [String]) throws -> PolicySet {
        let sources = try paths.map(source)
        do throws(PolicyErrors) {
            return try PolicySet(parsing: sources)
        } catch {
            printError(error.description)
            throw ExitCode.failure
        }
    }

    static func source(_ path: String) throws -> PolicySource {
        do {
            return .init(name: path, text: try String(contentsOfFile: path, encoding: .utf8))
        } catch {
            printError("\(path): cannot be read as UTF-8 text")
            throw ExitCode.failure
        }
    }

    static func table(_ path: String) throws -> PolicyTable {
        let source = try source(path)
        do throws(PolicyErrors) {
            return try PolicyTable(parsing: source)
        } catch {
            printError(error.description)
            throw ExitCode.failure
        }
    }

    static func printError(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// `posternctl policy check`: mistakes, and what is probably not meant.
struct PolicyCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with a policy, or probably not meant.",
        discussion: """
            Fails when a file does not parse or lets credentials through without approval; with --strict also on warnings.
            """
    )

    @Argument(help: "Policy files, read as one policy.")
    var paths: [String]

    @Flag(help: "Fail on warnings too.")
    var strict = false

    func run() throws {
        let policy = try PolicyFiles.read(paths)
        let findings = try policy.lint(.embedded())
        for finding in findings { print(finding) }
        let statements = policy.statementCount == 1 ? "1 statement" : "\(policy.statementCount) statements"
        print("\(statements), \(findings.count) \(findings.count == 1 ? "finding" : "findings")")
        let limit: PolicyFinding.Severity = strict ? .warning : .danger
        if findings.contains(where: { $0.severity >= limit }) { throw ExitCode.failure }
    }
}

/// `posternctl policy test`: runs tables of expected decisions.
struct PolicyTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Compare a policy's decisions with a table of expected ones.",
        discussion: "Fails when a decision differs. docs/policy.md shows a table."
    )

    @Argument(help: "Tables of expected decisions.")
    var tables: [String]

    @OptionGroup var files: PolicyFiles

    func run() throws {
        let policy = try files.read()
        let catalogue = try Catalogue.embedded()
        var (passed, failed) = (0, 0)
        for path in tables {
            for result in try PolicyFiles.table(path).run(policy, facts: catalogue.facts) {
                if result.differences.isEmpty {
                    passed += 1
                    continue
                }
                failed += 1
                for difference in result.differences { print("\(result.position): \(result.name): \(difference)") }
            }
        }
        print("\(passed) as expected, \(failed) not")
        if failed > 0 { throw ExitCode.failure }
    }
}

extension Catalogue {
    /// What the catalogue knows of an action, in the words of policies.
    func facts(_ name: String) -> ActionFacts? {
        action(named: name).map { .init(accessLevel: $0.accessLevel.description, risks: $0.risks.names) }
    }
}

extension ActionCatalogue {
    /// The actions of the catalogue in this executable.
    static func embedded() throws -> ActionCatalogue {
        let catalogue = try Catalogue.embedded()
        var inputs: [String: [Shape]] = [:]
        for operation in catalogue.services.lazy.flatMap(\.operations) {
            guard let input = operation.input else { continue }
            for action in operation.actions { inputs[action.name, default: []].append(input) }
        }
        return .init(actions: catalogue.actions.map(\.name), facts: catalogue.facts) { action, path in
            inputs[action].map { shapes in shapes.contains { $0.hasMember(at: path) } }
        }
    }
}

extension Shape {
    /// Whether a member path such as `Filters.Values` or `Tags[].Key` leads anywhere; lists are entered without a name.
    fileprivate func hasMember(at path: String) -> Bool {
        var shape = self
        for part in path.split(separator: ".") {
            while shape.kind == .list, let element = shape.element { shape = element }
            switch shape.kind {
            case .structure:
                guard let member = shape.member(named: String(part.prefix { $0 != "[" })) else { return false }
                shape = member.shape
            case .map:
                guard let element = shape.element else { return false }
                shape = element
            default: return false
            }
        }
        return true
    }
}
