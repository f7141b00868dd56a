import Foundation
import Glibc
import Policy

/// Nanoseconds of CPU that the process has used: other work on the machine does not count.
func processorTime() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Prints the CPU time of one decision: the best of several rounds.
func measure(_ name: String, _ policy: PolicySet, _ request: AuthorizationRequest, in context: PolicyContext) {
    let decisions: Int64 = 5000
    var best = Int64.max
    for _ in 0..<9 {
        let start = processorTime()
        for _ in 0..<decisions { _ = policy.decide([request], in: context) }
        best = min(best, (processorTime() - start) / decisions)
    }
    print("\(name): \(best) ns, \(policy.decide([request], in: context).outcome.name)")
}

/// Statements over ten services with wildcards, a policy variable and conditions of several kinds.
func mixedPolicy(_ count: Int) throws -> PolicySet {
    let services = ["s3", "ec2", "ssm", "lambda", "dynamodb", "sqs", "sns", "iam", "kms", "logs"]
    var text = "Version: 2012-10-17\nStatement:\n"
    for number in 0..<count {
        let service = services[number % 10]
        let effect = ["Deny", "RequireApproval", "Allow", "Allow", "Allow"][number % 5]
        let condition = [
            "{StringLike: {oidc:sub: 'team-\(number)-*'}, IpAddress: {aws:SourceIp: [10.0.0.0/8, 192.168.0.0/16]}}",
            "{StringEquals: {oidc:groups: [g\(number), h\(number)]}}",
            "{StringNotEquals: {aws:RequestedRegion: [us-gov-west-1]}}",
        ][number % 3]
        text += """
            - Effect: \(effect)
              Action: ['\(service):Get*', '\(service):List*', '\(service):Put\(number)']
              Resource: ['arn:aws:\(service):*:111122223333:x-\(number)/*', 'arn:aws:\(service):::b-\(number)*/${oidc:sub}/*']
              Condition: \(condition)

            """
    }
    return try PolicySet(parsing: [.init(name: "mixed", text: text)])
}

/// Statements that are all about the action at hand; the last resource pattern matches.
func crowdedPolicy(_ count: Int) throws -> PolicySet {
    var text = "Version: 2012-10-17\nStatement:\n"
    for number in 0..<count {
        let effect = number == count - 1 ? "Allow" : number % 2 == 0 ? "Deny" : "RequireApproval"
        text +=
            "- {Effect: \(effect), Action: ['s3:Get*', 's3:*Object'], Resource: 'arn:aws:s3:::b-\(number)-*/a*b*c/*'}\n"
    }
    return try PolicySet(parsing: [.init(name: "crowded", text: text)])
}

/// Statements that are all about the action and any resource; each asks for another caller.
func conditionalPolicy(_ count: Int, _ condition: String) throws -> PolicySet {
    var text = "Version: 2012-10-17\nStatement:\n- {Effect: Allow, Action: 's3:*', Resource: '*'}\n"
    for number in 1..<count {
        text +=
            "- {Effect: Deny, Action: 's3:*', Resource: '*', Condition: {\(condition): {oidc:sub: 'agent-\(number)'}}}\n"
    }
    return try PolicySet(parsing: [.init(name: "conditional", text: text)])
}

let values: [String: ContextValue] = [
    "oidc:sub": .values(["team-7-x"]), "oidc:groups": .values(["a", "b", "g7"]), "aws:sourceip": .values(["10.2.3.4"]),
    "aws:requestedregion": .values(["eu-central-1"]),
]
let context = PolicyContext { values[$0.name] ?? .missing }
for count in [10, 200, 1000] {
    let mixed = try mixedPolicy(count)
    let crowded = try crowdedPolicy(count)
    measure(
        "\(count) statements, \(count / 10) about the action",
        mixed,
        .init(
            action: "s3:GetObject",
            resources: ["arn:aws:s3:::b-\(count - 10)x/team-7-x/data.csv"],
            accessLevel: "Read"
        ),
        in: context
    )
    measure(
        "\(count) statements, none about the action",
        mixed,
        .init(action: "rds:StartDBInstance", resources: ["arn:aws:rds:::x"], accessLevel: "Write"),
        in: context
    )
    measure(
        "\(count) statements, all about the action",
        crowded,
        .init(
            action: "s3:GetObject",
            resources: ["arn:aws:s3:::b-\(count - 1)-x/aaabbbccc/data.csv"],
            accessLevel: "Read"
        ),
        in: context
    )
    for condition in ["StringEquals", "StringLike"] {
        measure(
            "\(count) statements, all about the action and any resource, each with \(condition)",
            try conditionalPolicy(count, condition),
            .init(action: "s3:GetObject", resources: ["arn:aws:s3:::b/data.csv"], accessLevel: "Read"),
            in: context
        )
    }
}
if CommandLine.arguments.count == 2 {
    let text = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8)
    measure(
        "the given policy",
        try PolicySet(parsing: [.init(name: CommandLine.arguments[1], text: text)]),
        .init(action: "ssm:GetParameter", resources: ["arn:aws:ssm:eu-central-1:1:parameter/x"], accessLevel: "Read"),
        in: context
    )
}
