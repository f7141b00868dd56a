import Foundation
import Policy

/// Prints the time of one decision: the best of several rounds.
func measure(_ name: String, _ policy: PolicySet, _ request: AuthorizationRequest, in context: PolicyContext) {
    let rounds = 7
    let decisions = 5000
    let clock = ContinuousClock()
    var best = Duration.seconds(1)
    for _ in 0..<rounds {
        let took = clock.measure {
            for _ in 0..<decisions { _ = policy.decide([request], in: context) }
        }
        best = min(best, took / decisions)
    }
    let nanoseconds = best.components.attoseconds / 1_000_000_000
    print("\(name): \(nanoseconds) ns, \(policy.decide([request], in: context).outcome.name)")
}

/// 200 statements over ten services with wildcards, a policy variable and conditions of several kinds.
func mixedPolicy() throws -> PolicySet {
    let services = ["s3", "ec2", "ssm", "lambda", "dynamodb", "sqs", "sns", "iam", "kms", "logs"]
    var text = "Version: 2012-10-17\nStatement:\n"
    for number in 0..<200 {
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

/// 200 statements that are all about the action at hand; the last resource pattern matches.
func crowdedPolicy() throws -> PolicySet {
    var text = "Version: 2012-10-17\nStatement:\n"
    for number in 0..<200 {
        let effect = number == 199 ? "Allow" : number % 2 == 0 ? "Deny" : "RequireApproval"
        text +=
            "- {Effect: \(effect), Action: ['s3:Get*', 's3:*Object'], Resource: 'arn:aws:s3:::b-\(number)-*/a*b*c/*'}\n"
    }
    return try PolicySet(parsing: [.init(name: "crowded", text: text)])
}

let values: [String: ContextValue] = [
    "oidc:sub": .values(["team-7-x"]), "oidc:groups": .values(["a", "b", "g7"]), "aws:sourceip": .values(["10.2.3.4"]),
    "aws:requestedregion": .values(["eu-central-1"]),
]
let context = PolicyContext { values[$0.name] ?? .missing }
let mixed = try mixedPolicy()
let crowded = try crowdedPolicy()

measure(
    "200 statements, 20 about the action",
    mixed,
    .init(action: "s3:GetObject", resources: ["arn:aws:s3:::b-190x/team-7-x/data.csv"], accessLevel: "Read"),
    in: context
)
measure(
    "200 statements, none about the action",
    mixed,
    .init(action: "rds:StartDBInstance", resources: ["arn:aws:rds:::x"], accessLevel: "Write"),
    in: context
)
measure(
    "200 statements, all about the action",
    crowded,
    .init(action: "s3:GetObject", resources: ["arn:aws:s3:::b-199-x/aaabbbccc/data.csv"], accessLevel: "Read"),
    in: context
)
if CommandLine.arguments.count == 2 {
    let text = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8)
    measure(
        "the given policy",
        try PolicySet(parsing: [.init(name: CommandLine.arguments[1], text: text)]),
        .init(action: "ssm:GetParameter", resources: ["arn:aws:ssm:eu-central-1:1:parameter/x"], accessLevel: "Read"),
        in: context
    )
}
