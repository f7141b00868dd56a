/// The actions of DynamoDB calls whose input decides: transactions, PartiQL, and queries of an index.
struct DynamoDBActions {
    let builder: ActionBuilder

    private var input: ParsedInput { builder.input }

    /// Nil where the catalogue's own actions and resources are right.
    func actions() -> [RequiredAction]? {
        switch builder.operation.name {
        case "Query", "Scan": index()
        case "TransactWriteItems": transaction()
        case "ExecuteStatement": statements(input.texts(at: "Statement"))
        case "BatchExecuteStatement": statements(input.texts(at: "Statements.Statement"))
        case "ExecuteTransaction": statements(input.texts(at: "TransactStatements.Statement"))
        default: nil
        }
    }

    private func table(_ name: String) -> String {
        name.hasPrefix("arn:") ? name : builder.context.prefix("dynamodb") + "table/" + name
    }

    private func index() -> [RequiredAction]? {
        guard let name = input.text(at: "TableName"), let index = input.text(at: "IndexName") else { return nil }
        return [builder.action("dynamodb:\(builder.operation.name)", [table(name) + "/index/" + index])]
    }

    private func transaction() -> [RequiredAction] {
        let kinds = [
            ("Put", "PutItem"), ("Update", "UpdateItem"), ("Delete", "DeleteItem"),
            ("ConditionCheck", "ConditionCheckItem"),
        ]
        let actions = kinds.compactMap { member, action -> RequiredAction? in
            let tables = input.texts(at: "TransactItems.\(member).TableName")
            return tables.isEmpty ? nil : builder.action("dynamodb:\(action)", tables.map(table))
        }
        return actions.isEmpty ? [builder.action("dynamodb:PutItem", nil)] : actions
    }

    /// Each statement by its verb; the table where the statement begins in the plain way, else unknown.
    private func statements(_ statements: [String]) -> [RequiredAction] {
        let all = ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"].map { "dynamodb:" + $0 }
        if statements.isEmpty { return all.map { builder.action($0, nil) } }
        var actions: [RequiredAction] = []
        for statement in statements {
            let words = statement.split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }.map(String.init)
            switch words.first?.uppercased() {
            case "SELECT", "EXISTS(SELECT", "EXISTS": actions.append(builder.action(all[0], nil))
            case "INSERT" where words.count > 2 && words[1].uppercased() == "INTO":
                actions.append(builder.action(all[1], resources(words[2])))
            case "UPDATE" where words.count > 1: actions.append(builder.action(all[2], resources(words[1])))
            case "DELETE" where words.count > 2 && words[1].uppercased() == "FROM":
                actions.append(builder.action(all[3], resources(words[2])))
            default: return all.map { builder.action($0, nil) }
            }
        }
        return actions
    }

    /// A quoted table name; anything else, such as `"table"."index"`, is unknown.
    private func resources(_ word: String) -> [String]? {
        guard word.count > 2, word.hasPrefix("\""), word.hasSuffix("\"") else { return nil }
        let name = word.dropFirst().dropLast()
        guard !name.contains("\"") else { return nil }
        return [table(String(name))]
    }
}
