/// One row of the resources section: an ARN pattern of one action, and the members that fill it.
struct ResourceRow {
    let index: Int

    var action: Int { field(0) }
    var template: CatalogueText { CatalogueLayout.current.text(field(1)) }
    var paths: [String] { PooledList(start: field(2), endIndex: field(3)).texts.map(\.string) }
    var isRequired: Bool { field(4) & 1 != 0 }
    private var isWholeARN: Bool { field(4) & 2 != 0 }
    var isUnknown: Bool { field(4) & 8 != 0 }

    private func field(_ number: Int) -> Int {
        let layout = CatalogueLayout.current
        return layout.field(number, of: index, in: layout.resources, width: 6)
    }

    /// What one row says about a request.
    private enum Outcome {
        case arns([String])
        /// The members are not in the request.
        case absent
        /// The ARN cannot be derived from the request.
        case unknown
    }

    /// The resources of one action; nil when any that is required is unknown.
    static func resources(of rows: [ResourceRow], _ reader: ResourceValues) -> [String]? {
        guard !rows.isEmpty else { return nil }
        var found: [String] = []
        var missesRequired = false
        var isOptionalUnknown = false
        for row in rows {
            switch row.outcome(reader) {
            case .arns(let arns): for arn in arns where !found.contains(arn) { found.append(arn) }
            case .absent where row.isRequired:
                // A list that is not narrowed is of everything of its type.
                if row.isList, let all = row.wholeType(reader.context) {
                    found.append(all)
                } else {
                    missesRequired = true
                }
            case .absent: continue
            case .unknown:
                if row.isRequired { return nil }
                isOptionalUnknown = true
            }
        }
        // An optional member that is left out means all resources of the type; a required one may be given otherwise.
        if found.isEmpty { return missesRequired || isOptionalUnknown ? nil : ["*"] }
        return missesRequired ? nil : found
    }

    private var isList: Bool { IAMAction(index: action).accessLevel == .list }

    /// All resources of the type, nil where the pattern does not tell it.
    private func wholeType(_ context: ARNContext) -> String? {
        template == "arn:" ? nil : ARNTemplate.fill(template, [], context)
    }

    private func outcome(_ reader: ResourceValues) -> Outcome {
        if isUnknown { return .unknown }
        if template == "*" { return .arns(["*"]) }
        if isWholeARN, let path = paths.first {
            return reader.arns(path).map { Outcome.arns($0) } ?? .absent
        }
        var values: [[String]] = []
        for path in paths {
            guard let texts = reader.texts(path) else { return .unknown }
            guard !texts.isEmpty else { return .absent }
            values.append(texts)
        }
        return fill(values, reader.context)
    }

    /// The template with every combination of values; a value that is an ARN already stands for itself.
    private func fill(_ values: [[String]], _ context: ARNContext) -> Outcome {
        let count = values.reduce(1) { $0.multipliedReportingOverflow(by: $1.count).partialValue }
        guard count > 0, count <= 10_000 else { return .unknown }
        var combinations: [[String]] = [[]]
        for (place, texts) in values.enumerated() {
            var names = texts
            if place < values.count &- 1 {
                // Only the last one may be an ARN as a whole: of the others the name is wanted.
                names = texts.compactMap { ARNTemplate.name($0, in: context) }
                guard names.count == texts.count else { return .unknown }
            }
            combinations = combinations.flatMap { head in names.map { head + [$0] } }
        }
        return .arns(combinations.map { ARNTemplate.fill(template, $0, context) })
    }
}

/// ARN patterns of the service authorization reference: `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`.
enum ARNTemplate {
    /// The name in an ARN of this account and region, or the name itself; nil for an ARN from elsewhere.
    static func name(_ text: String, in context: ARNContext) -> String? {
        guard text.hasPrefix("arn:") else { return text }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[3].isEmpty || parts[3] == context.region,
            parts[4].isEmpty || parts[4] == context.account
        else { return nil }
        return parts[5].split { $0 == "/" || $0 == ":" }.last.map(String.init)
    }

    static func fill(_ template: CatalogueText, _ values: [String], _ context: ARNContext) -> String {
        if let last = values.last, last.hasPrefix("arn:") { return last }
        var next = 0
        return template.filled { name in
            if name == "Partition" { return context.partition }
            if name == "Region" { return context.region }
            if name == "Account" { return context.account }
            defer { next &+= 1 }
            return next < values.count ? values[next] : "*"
        }
    }
}
