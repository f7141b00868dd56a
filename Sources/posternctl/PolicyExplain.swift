import AWSRequest
import ArgumentParser
import Gateway
import Policy
import Postgres

/// `posternctl policy explain`: which statement decides a call, and why the others do not.
struct PolicyExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which statement decides a call, and why the others do not.",
        discussion: """
            The call is named as the AWS CLI names it, as an operation (with its input, or not), as an IAM action, by the
            id of a record of the audit, or comes from a table:
              posternctl policy explain -p policy.yaml -k oidc:sub=alice -- ssm get-parameter --name /app/db
              posternctl policy explain -p policy.yaml ssm.GetParameter --input '{"Name": "/app/db"}'
              posternctl policy explain -p policy.yaml s3:GetObject -r arn:aws:s3:::reports/q1.csv
              posternctl policy explain -p policy.yaml --record 019a1c2e-7d5b-7000-8000-5d1f2c3b4a59
              posternctl policy explain -p policy.yaml --table cases.yaml
            """
    )

    @OptionGroup var files: PolicyFiles

    @OptionGroup var options: DatabaseOptions

    @Option(
        name: .shortAndLong,
        help: "ARN of a resource, \"none\" or \"unknown\"; repeat it for several. Default: what the input names."
    )
    var resource: [String] = []

    @Option(
        name: .shortAndLong,
        help: "A condition key with its value, as oidc:sub=alice; repeat it for several keys or values."
    )
    var key: [String] = []

    @Option(help: "The operation's input, as JSON under the model's names.")
    var input: String?

    @Option(help: "The account of the call, for its resources; any where it is left out.")
    var account = "*"

    @Option(help: "The region of the call, for its resources.")
    var region = "us-east-1"

    @Option(help: "A recorded call: the record's id, nginx's request id, or AWS's. Needs a database.")
    var record: String?

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
        } else if let record {
            try explain(record: record, policy, catalogue)
        } else {
            try explainDescribed(policy, catalogue)
        }
    }

    private func explainDescribed(_ policy: PolicySet, _ catalogue: Catalogue) throws {
        var values = try keyValues()
        let requests: [AuthorizationRequest]
        if !words.isEmpty {
            let call = try CommandLineCall(words, catalogue: catalogue)
            let region = call.region ?? region
            let input = ParsedInput(call.members, of: call.operation)
            requests = try needs(of: call.operation, input, in: region, catalogue)
            if values["aws:requestedregion"] == nil { values["aws:requestedregion"] = [region] }
            explain(requests, policy, values, input)
        } else if let name, let operation = catalogue.operation(named: name), let input {
            let parsed: ParsedInput
            do {
                parsed = try ParsedInput(json: Array(input.utf8), of: operation)
            } catch {
                throw ValidationError("The input is not a JSON object: \(error)")
            }
            explain(try needs(of: operation, parsed, in: region, catalogue), policy, values, parsed)
        } else if let name {
            let facts = catalogue.facts
            requests = try catalogue.actions(ofCallNamed: name).map { action in
                AuthorizationRequest(
                    action: action,
                    resources: resources,
                    accessLevel: facts(action)?.accessLevel,
                    risks: facts(action)?.risks
                )
            }
            explain(requests, policy, values, nil)
        } else {
            throw ValidationError("Name a call, as in: -- ssm get-parameter --name /app/db")
        }
    }

    private func explain(
        _ requests: [AuthorizationRequest],
        _ policy: PolicySet,
        _ values: [String: [String]],
        _ input: ParsedInput?
    ) {
        let given = PolicyContext(values)
        let context = PolicyContext { key in
            guard key.prefix == "request", values[key.name] == nil, let input else { return given.value(of: key) }
            let texts = input.texts(at: String(key.suffix))
            return texts.isEmpty ? .missing : .values(texts)
        }
        print(policy.explain(requests, in: context), terminator: "")
    }

    /// What a described call needs; resources that were named by hand stand for all that its input names.
    private func needs(
        of operation: AWSRequest.Operation,
        _ input: ParsedInput,
        in region: String,
        _ catalogue: Catalogue
    ) throws -> [AuthorizationRequest] {
        guard let region = catalogue.region(named: region) else {
            throw ValidationError("There is no region \"\(region)\"")
        }
        let needs = catalogue.classify(operation, input, region: region, account: account)
        return needs.actions.map { need in
            var request = AuthorizationRequest(need)
            if !resource.isEmpty { request.resources = resources }
            return request
        }
    }

    /// A call as it was recorded, judged by the policy at hand.
    private func explain(record: String, _ policy: PolicySet, _ catalogue: Catalogue) throws {
        var connection = try options.connect()
        let call = try Failure.catching { () throws(PostgresError) -> RecordedCall? in
            let rows = try connection.execute(
                """
                WITH found AS (\(RecordLookup.query(for: record)))
                SELECT \(RecordedCall.columns) FROM postern_audit.record AS r
                WHERE r.id IN (SELECT id FROM found) AND \(RecordedCall.condition) ORDER BY r.ts LIMIT 1
                """,
                [.text(record)]
            )
            return rows.rowCount > 0 ? try RecordedCall(rows, row: 0) : nil
        }
        guard let call else {
            throw Failure("there is no record of a call \(Terminal.inert(record)) on which a policy decided")
        }
        let by = call.statement.map { " by \($0)" } ?? ""
        let doubts = Doubts()
        let text = policy.explain(call.requests(catalogue), in: call.context(catalogue, doubts: doubts))
        print(Self.inert("\(call.operation) at \(call.time), decided then: \(call.outcome)\(by)\nnow: \(text)"))
        if !doubts.keys.isEmpty {
            print(
                Self.inert(
                    "The audit does not tell \(doubts.keys.joined(separator: ", ")), so they count as not known."
                )
            )
        }
    }

    /// What agents wrote may hold control characters; line breaks are ours.
    private static func inert(_ text: String) -> String {
        text.split(separator: "\n").map { Terminal.inert(String($0)) }.joined(separator: "\n")
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

extension Catalogue {
    /// The IAM actions of `ssm.GetParameter`, or the action `ssm:GetParameter` itself.
    fileprivate func actions(ofCallNamed name: String) throws -> [String] {
        if let operation = operation(named: name) { return operation.actions.map(\.name) }
        if let action = action(named: name) { return [action.name] }
        throw ValidationError("There is neither an operation nor an IAM action \"\(name)\"")
    }
}
