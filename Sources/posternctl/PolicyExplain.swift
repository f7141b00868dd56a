import AWSRequest
import ArgumentParser
import Policy

/// `posternctl policy explain`: which statement decides a call, and why the others do not.
struct PolicyExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which statement decides a call, and why the others do not.",
        discussion: """
            The call is named as the AWS CLI names it, as an operation, or as an IAM action, or comes from a table:
              posternctl policy explain -p policy.yaml -k oidc:sub=alice -- ssm get-parameter --name /app/db
              posternctl policy explain -p policy.yaml ssm.GetParameter
              posternctl policy explain -p policy.yaml s3:GetObject -r arn:aws:s3:::reports/q1.csv
              posternctl policy explain -p policy.yaml --table cases.yaml
            """
    )

    @OptionGroup var files: PolicyFiles

    @Option(name: .shortAndLong, help: "ARN of a resource, \"none\" or \"unknown\" (default); repeat it for several.")
    var resource: [String] = []

    @Option(
        name: .shortAndLong,
        help: "A condition key with its value, as oidc:sub=alice; repeat it for several keys or values."
    )
    var key: [String] = []

    @Option(help: "A table of calls (docs/policy.md), YAML or JSON, each of which is explained.")
    var table: String?

    @Argument(help: "An operation (ssm.GetParameter) or an IAM action (ssm:GetParameter).")
    var name: String?

    @Argument(parsing: .postTerminator, help: "The words of an AWS CLI command, after --.")
    var words: [String] = []

    func run() throws {
        let policy = try files.read()
        let catalogue = try Catalogue.embedded()
        if let table {
            print(try PolicyFiles.table(table).explain(policy, facts: catalogue.facts), terminator: "")
            return
        }
        var values = try keyValues()
        let actions: [String]
        if !words.isEmpty {
            let call = try CommandLineCall(words, catalogue: catalogue)
            actions = call.operation.actions.map(\.name)
            for (member, value) in call.members { values["request:\(member)", default: []].append(value) }
        } else if let name {
            actions = try catalogue.actions(ofCallNamed: name)
        } else {
            throw ValidationError("Name a call, as in: -- ssm get-parameter --name /app/db")
        }
        let requests = actions.map { action in
            let facts = catalogue.facts(action)
            return AuthorizationRequest(
                action: action,
                resources: resources,
                accessLevel: facts?.accessLevel,
                risks: facts?.risks
            )
        }
        print(policy.explain(requests, in: .init(values)), terminator: "")
    }

    /// nil when no resource is given, or "unknown": then nothing is known of it.
    private var resources: [String]? {
        if resource.isEmpty || resource == ["unknown"] { return nil }
        return resource.filter { $0 != "none" }
    }

    private func keyValues() throws -> [String: [String]] {
        var values: [String: [String]] = [:]
        for pair in key {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard halves.count == 2, let key = ConditionKey(halves[0]) else {
                throw ValidationError("\"\(pair)\" is not a key with a value, as oidc:sub=alice")
            }
            values[key.name, default: []].append(halves[1])
        }
        return values
    }
}

/// A call in the words of the AWS CLI: `ssm get-parameter --name /app/db`.
private struct CommandLineCall {
    let operation: AWSRequest.Operation
    /// Options that are members of the operation's input, with their values.
    let members: [(String, String)]

    /// Command names of the AWS CLI that differ from the service's.
    private static let services = ["s3api": "s3", "configservice": "config", "deploy": "codedeploy"]

    init(_ words: [String], catalogue: Catalogue) throws {
        let words = words.first == "aws" ? Array(words.dropFirst()) : words
        guard words.count >= 2 else { throw ValidationError("Name service and operation, as in: ssm get-parameter") }
        let name = Self.services[words[0]] ?? words[0]
        guard let service = catalogue.service(id: name) else {
            throw ValidationError("There is no service \"\(words[0])\"")
        }
        guard let operation = service.operations.first(where: { Self.folded($0.name) == Self.folded(words[1]) }) else {
            throw ValidationError("\(words[0]) has no operation \"\(words[1])\"")
        }
        self.operation = operation
        var members: [(String, String)] = []
        var rest = words.dropFirst(2)
        while let option = rest.popFirst() {
            guard option.hasPrefix("--") else { throw ValidationError("\"\(option)\" is not an option") }
            let halves = option.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
            let known = operation.input?.members.first { Self.folded($0.name) == Self.folded(halves.first ?? "") }
            if let known, halves.count == 2 { members.append((known.name, halves[1])) }
            // A flag has no value; the CLI's own options (--region) are no members.
            while let value = rest.first, !value.hasPrefix("--") {
                rest = rest.dropFirst()
                if let known { members.append((known.name, value)) }
            }
        }
        self.members = members
    }

    /// `get-parameter` and `GetParameter` alike.
    private static func folded(_ name: String) -> String {
        name.lowercased().filter { $0 != "-" && $0 != "_" }
    }
}

extension Catalogue {
    /// The IAM actions of `ssm.GetParameter`, or the action `ssm:GetParameter` itself.
    fileprivate func actions(ofCallNamed name: String) throws -> [String] {
        if let operation = operation(named: name) { return operation.actions.map(\.name) }
        if let action = action(named: name) { return [action.name] }
        throw ValidationError("There is neither an operation nor an IAM action \"\(name)\"")
    }
}
