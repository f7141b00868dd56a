import AWSRequest
import ArgumentParser

/// A call in the words of the AWS CLI: `ssm get-parameter --name /app/db`.
struct CommandLineCall {
    let operation: AWSRequest.Operation
    /// Options that are members of the operation's input.
    let members: [Value.Field]
    /// The value of `--region`.
    let region: String?

    /// Command names of the AWS CLI that differ from the service's.
    private static let services = ["s3api": "s3", "configservice": "config", "deploy": "codedeploy"]
    /// Commands that are no operations but make several of them.
    private static let compound = [
        "s3": "name the operation instead, as in: s3api get-object --bucket B --key K",
        "configure": "it makes no call to AWS",
    ]

    init(_ words: [String], catalogue: Catalogue) throws {
        let words = words.first == "aws" ? Array(words.dropFirst()) : words
        guard words.count >= 2 else { throw ValidationError("Name service and operation, as in: ssm get-parameter") }
        let name = Self.services[words[0]] ?? words[0]
        guard let service = catalogue.service(id: name) else {
            throw ValidationError("There is no service \"\(words[0])\"")
        }
        guard let operation = service.operations.first(where: { Self.folded($0.name) == Self.folded(words[1]) }) else {
            let advice = Self.compound[words[0]].map { "; \($0)" } ?? ""
            throw ValidationError("\(words[0]) has no operation \"\(words[1])\"\(advice)")
        }
        self.operation = operation
        var members: [Value.Field] = []
        var region: String?
        var rest = words.dropFirst(2)
        while let option = rest.popFirst() {
            guard option.hasPrefix("--") else { throw ValidationError("\"\(option)\" is not an option") }
            let halves = option.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
            var values = Array(halves.dropFirst())
            while let value = rest.first, !value.hasPrefix("--") {
                rest = rest.dropFirst()
                values.append(value)
            }
            let folded = Self.folded(halves.first ?? "")
            if folded == "region" { region = values.first }
            // The CLI's own options (--output) are no members.
            guard let member = operation.input?.members.first(where: { option in Self.names(option.name, folded) })
            else { continue }
            let isNegated = folded != Self.folded(member.name)
            members.append(.init(member.name, try Self.value(values, member.shape, isNegated: isNegated)))
        }
        self.members = members
        self.region = region
    }

    /// Whether an option is about a member: `--with-decryption` and `--no-with-decryption` are.
    private static func names(_ member: String, _ option: String) -> Bool {
        folded(member) == option || "no" + folded(member) == option
    }

    /// `get-parameter` and `GetParameter` alike.
    private static func folded(_ name: String) -> String {
        name.lowercased().filter { $0 != "-" && $0 != "_" }
    }

    /// The words of an option as the member's value: JSON, the CLI's shorthand (`Key=a,Value=b`), or plain text.
    private static func value(_ words: [String], _ shape: Shape, isNegated: Bool) throws -> Value {
        if words.isEmpty { return .bool(!isNegated) }
        if let first = words.first, words.count == 1, first.hasPrefix("{") || first.hasPrefix("[") {
            do {
                return try Value(json: Array(first.utf8))
            } catch {
                throw ValidationError("\"\(first)\" is not JSON: \(error)")
            }
        }
        switch shape.kind {
        case .list: return .list(words.map { shorthand($0, shape.element) })
        case .structure, .map: return shorthand(words.joined(separator: " "), shape)
        default: return .string(words.joined(separator: " "))
        }
    }

    private static func shorthand(_ word: String, _ shape: Shape?) -> Value {
        guard let shape, shape.kind == .structure || shape.kind == .map else { return .string(word) }
        return .object(
            word.split(separator: ",").compactMap { pair in
                let halves = pair.split(separator: "=", maxSplits: 1).map(String.init)
                return halves.count == 2 ? Value.Field(halves[0], .string(halves[1])) : nil
            }
        )
    }
}
