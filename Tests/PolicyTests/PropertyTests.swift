import Policy
import Testing

/// Makes random policies and calls over a small vocabulary, so that statements and calls meet often.
private struct PolicyMaker {
    var random: SeededGenerator

    mutating func pick(_ choices: [String]) -> String {
        choices.randomElement(using: &random) ?? ""
    }

    mutating func statement(effect: String? = nil) -> String {
        let effect = effect ?? pick(["Allow", "Allow", "Deny", "RequireApproval"])
        let action = pick(["*", "s3:*", "s3:Get*", "s3:GetObject", "ec2:*", "iam:PassRole", "*:*Object"])
        let resource = pick([
            "*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/1", "arn:aws:s3:::*", "arn:aws:s3:::${oidc:sub}/*",
        ])
        let condition = pick([
            "{}", "{StringEquals: {oidc:sub: a}}", "{StringNotEquals: {oidc:sub: a}}", "{'Null': {oidc:groups: true}}",
            "{ForAllValues:StringEquals: {oidc:groups: [x, y]}}", "{StringEquals: {'postern:AccessLevel': Read}}",
            "{StringLikeIfExists: {s3:prefix: 'a*'}}",
        ])
        let actionName = pick(["Action", "Action", "Action", "NotAction"])
        let resourceName = pick(["Resource", "Resource", "Resource", "NotResource"])
        return
            "- {Effect: \(effect), \(actionName): '\(action)', \(resourceName): '\(resource)', Condition: \(condition)}"
    }

    mutating func statements() -> [String] {
        (0..<Int.random(in: 1...8, using: &random)).map { _ in statement() }
    }

    mutating func request() -> AuthorizationRequest {
        let resources: [[String]?] = [
            nil, [], ["arn:aws:s3:::a/1"], ["arn:aws:s3:::a/*"], ["arn:aws:s3:::b/2", "arn:aws:s3:::a/1"],
        ]
        return .init(
            action: pick(["s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:PassRole"]),
            resources: resources.randomElement(using: &random) ?? nil,
            accessLevel: [nil, "Read", "Write"].randomElement(using: &random) ?? nil
        )
    }

    mutating func context() -> [String: [String]] {
        var context: [String: [String]] = [:]
        if Bool.random(using: &random) { context["oidc:sub"] = [pick(["a", "b"])] }
        if Bool.random(using: &random) { context["oidc:groups"] = [pick(["x", "z"]), pick(["x", "y"])] }
        return context
    }
}

@Suite("Properties of every policy")
struct PropertyTests {
    private static func strictness(_ decision: Decision) -> Int {
        ["Allow", "RequireApproval", "DefaultDeny", "Deny"].firstIndex(of: decision.outcome.name) ?? -1
    }

    private static func forEachCase(
        _ seed: Int,
        _ body: (inout PolicyMaker, [String], AuthorizationRequest, PolicyContext) throws -> Void
    ) throws {
        var maker = PolicyMaker(random: .init(seed: UInt64(seed)))
        for _ in 0..<80 {
            let lines = maker.statements()
            let request = maker.request()
            let context = PolicyContext(maker.context())
            try body(&maker, lines, request, context)
        }
    }

    private static func decide(_ lines: [String], _ request: AuthorizationRequest, _ context: PolicyContext) throws
        -> Decision
    {
        try statements(lines.joined(separator: "\n")).decide([request], in: context)
    }

    /// `reports` asks every statement; a decision asks those that the indexes of actions, resources and values leave.
    @Test("The indexes leave out no statement that counts", arguments: 0..<12)
    func indexes(_ seed: Int) throws {
        var maker = PolicyMaker(random: .init(seed: UInt64(seed)))
        for _ in 0..<60 {
            let lines = (0..<Int.random(in: 1...90, using: &maker.random)).map { _ in maker.statement() }
            let policy = try statements(lines.joined(separator: "\n"))
            let request = maker.request()
            let context = PolicyContext(maker.context())
            let resources: [String?] = request.resources.map { $0.isEmpty ? ["*"] : $0 } ?? [nil]
            let outcomes = resources.map { resource in
                let counting = policy.reports(request, resource: resource, in: context).filter { report in
                    switch report.result {
                    case .matches: true
                    case .uncertain: report.effect != .allow
                    case .otherAction, .otherResource, .conditionFails: false
                    }
                }
                let effects = Set(counting.map(\.effect))
                if effects.contains(.deny) { return 3 }
                return effects.contains(.requireApproval) ? 1 : effects.contains(.allow) ? 0 : 2
            }
            #expect(Self.strictness(policy.decide([request], in: context)) == outcomes.max())
        }
    }

    @Test("The order of statements does not matter", arguments: 0..<8)
    func order(_ seed: Int) throws {
        try Self.forEachCase(seed) { maker, lines, request, context in
            let before = try Self.decide(lines, request, context)
            let after = try Self.decide(lines.shuffled(using: &maker.random), request, context)
            #expect(Self.strictness(before) == Self.strictness(after), "\(lines)")
        }
    }

    @Test("Adding an Allow never lifts a Deny, and never makes anything stricter", arguments: 10..<18)
    func addingAllow(_ seed: Int) throws {
        try Self.forEachCase(seed) { maker, lines, request, context in
            let before = try Self.decide(lines, request, context)
            let after = try Self.decide(lines + [maker.statement(effect: "Allow")], request, context)
            if before.outcome.name == "Deny" { #expect(after.outcome.name == "Deny", "\(lines)") }
            if before.outcome.name == "RequireApproval" { #expect(after.outcome.name == "RequireApproval", "\(lines)") }
            #expect(Self.strictness(after) <= Self.strictness(before), "\(lines)")
        }
    }

    @Test("Adding a Deny never loosens anything, and one of everything always wins", arguments: 20..<28)
    func addingDeny(_ seed: Int) throws {
        try Self.forEachCase(seed) { maker, lines, request, context in
            let before = try Self.decide(lines, request, context)
            let after = try Self.decide(lines + [maker.statement(effect: "Deny")], request, context)
            #expect(Self.strictness(after) >= Self.strictness(before), "\(lines)")
            let everything = "- {Effect: Deny, Action: '*', Resource: '*'}"
            #expect(try Self.decide(lines + [everything], request, context).outcome.name == "Deny")
        }
    }

    @Test("More actions or resources never loosen a decision", arguments: 30..<38)
    func addingActions(_ seed: Int) throws {
        try Self.forEachCase(seed) { maker, lines, request, context in
            let policy = try statements(lines.joined(separator: "\n"))
            let other = maker.request()
            let one = policy.decide([request], in: context)
            let both = policy.decide([request, other], in: context)
            #expect(Self.strictness(both) >= Self.strictness(one), "\(lines)")
            #expect(Self.strictness(both) == Self.strictness(policy.decide([other, request], in: context)))
        }
    }

    @Test("Knowing less never lets more through", arguments: 40..<48)
    func knowingLess(_ seed: Int) throws {
        try Self.forEachCase(seed) { maker, lines, request, context in
            // RequireApproval answers for what is not known, so only what would be allowed is compared.
            let known = try Self.decide(lines, request, context)
            var blind = request
            blind.resources = nil
            blind.accessLevel = nil
            let less = try Self.decide(lines, blind, .init { _ in .unknown })
            if less.outcome.name == "Allow" { #expect(known.outcome.name == "Allow", "\(lines) \(request)") }
        }
    }

    @Test("A report agrees with the decision", arguments: 50..<54)
    func reports(_ seed: Int) throws {
        try Self.forEachCase(seed) { _, lines, request, context in
            guard request.resources?.count == 1, let resource = request.resources?.first else { return }
            let policy = try statements(lines.joined(separator: "\n"))
            let decision = policy.decide([request], in: context)
            guard let name = decision.statement else { return }
            let report = policy.reports(request, resource: resource, in: context).first { $0.statement == name }
            switch report?.result {
            case .matches: #expect(decision.isCertain)
            case .uncertain: #expect(!decision.isCertain)
            default: Issue.record("\(name) decided but is reported as \(String(describing: report?.result))")
            }
        }
    }
}

@Suite("Hostile policy files")
struct FuzzTests {
    private static func corpus() throws -> [String] {
        var texts = try ["default", "ci-bot", "break-glass"].flatMap { name in
            try ["\(name).yaml", "\(name).test.yaml"].map { try ShippedPolicyTests.source($0).text }
        }
        texts.append(
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"arn:aws:s3:::${a:b, 'c'}/*"}]}"#
        )
        var maker = PolicyMaker(random: .init(seed: 7))
        texts += (0..<20).map { _ in "Version: 2012-10-17\nStatement:\n" + maker.statements().joined(separator: "\n") }
        return texts
    }

    /// Cuts, repeats, swaps and overwrites bytes, and puts in what has a meaning in YAML or in the grammar.
    private static func mutate(_ text: String, _ random: inout SeededGenerator) -> String {
        var bytes = Array(text.utf8)
        if bytes.count > 3000 {
            let start = Int.random(in: 0..<bytes.count - 2000, using: &random)
            bytes = Array(bytes[start..<start + 2000])
        }
        let tokens = [
            "*", "&a ", "*a", "{", "}", "[", "]", "${", "'", "\"", ": ", "- ", "\n", "\t", "!!binary ", "? ", "|",
            "\u{0}", "é", "\u{2028}", "9999999999999999999", "~",
        ]
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard !bytes.isEmpty else { break }
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0..<bytes.count, using: &random))
            case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 3: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
            default: bytes.insert(contentsOf: Array((tokens.randomElement(using: &random) ?? "").utf8), at: at)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("Are refused with a place, or decide without a trap", arguments: 0..<8)
    func neverTraps(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(1000 + seed))
        let corpus = try Self.corpus()
        for _ in 0..<120 {
            let text = Self.mutate(corpus.randomElement(using: &random) ?? "", &random)
            do throws(PolicyErrors) {
                let policy = try policy(text)
                _ = policy.decide("s3:GetObject", on: nil)
                _ = policy.explain([.init(action: "s3:GetObject", resources: [], accessLevel: nil)], in: .init([:]))
            } catch {
                #expect(!error.mistakes.isEmpty)
                #expect(error.mistakes.allSatisfy { $0.position.line >= 1 && $0.position.column >= 1 })
            }
            _ = try? PolicyTable(parsing: .init(name: "t", text: text)).run(policy(corpus[6])) { _ in nil }
            _ = try? ConditionBlock(parsing: text)
            _ = try? Approvers(parsing: text)
        }
    }
}
