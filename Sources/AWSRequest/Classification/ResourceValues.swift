/// Reads the members that name resources, by the rules at the end of their paths.
struct ResourceValues {
    let input: ParsedInput
    /// The path of the request.
    let path: String
    let context: ARNContext

    /// The values that fill a variable; nil where a value cannot name the resource.
    func texts(_ path: String) -> [String]? {
        if path == "*" { return ["*"] }
        let (member, rule) = Self.split(path)
        switch rule {
        case "": return plain(member)
        case "head": return plain(member).map { String($0.prefix { $0 != ":" }) }
        case "keys": return input.values(at: member).flatMap(\.fields).map(\.name)
        case "last": return plain(member).map { String($0.split(separator: "/").last ?? $0[...]) }
        case "tail": return plain(member).map { String($0.split { $0 == "/" || $0 == ":" }.last ?? $0[...]) }
        case "bare": return plain(member).map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
        case "revision": return plain(member).map { $0.contains(":") ? $0 : $0 + ":*" }
        case "bus": return buses(member)
        case "secret": return plain(member).map { $0.hasPrefix("arn:") ? $0 : $0 + "-??????" }
        case "account": return accounts(member)
        case "any": return input.values(at: member).isEmpty ? [] : ["*"]
        case "loggroup": return logGroups(member)
        case "owner": return plain(member).map { Self.isAmazons($0) ? "" : context.account }
        default: return nil
        }
    }

    /// The texts of `member`, of several (`name+arn`), or what stands for one that is left out (`member|default`).
    private func plain(_ path: String) -> [String] {
        let parts = path.split(separator: "|", maxSplits: 1)
        let texts = (parts.first ?? "").split(separator: "+").flatMap { input.texts(at: String($0)) }
        return texts.isEmpty && parts.count > 1 ? [String(parts[1])] : texts
    }

    /// Whole ARNs; nil where there is nothing, or nothing that tells the resource.
    func arns(_ path: String) -> [String]? {
        let (member, rule) = Self.split(path)
        if rule == "path" { return [requestPath] }
        let texts = plain(member)
        guard !texts.isEmpty else { return nil }
        var result: [String] = []
        for text in texts {
            guard let arn = arn(text, rule) else { return nil }
            result.append(arn)
        }
        return result
    }

    private static func split(_ path: String) -> (member: String, rule: String) {
        let parts = path.split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts.first ?? ""), parts.count > 1 ? String(parts[1]) : "")
    }

    private func arn(_ text: String, _ rule: String) -> String? {
        if rule == "function" { return function(text) }
        if rule == "kms" { return key(text) }
        if text.hasPrefix("arn:") { return text }
        switch rule {
        case "rule": return eventRule(text)
        case "node": return node(text)
        case "queue": return queue(text)
        case "model": return model(text)
        case "ec2": return EC2ResourceType.of(id: text).map { context.prefix("ec2") + $0 + "/" + text }
        default: return nil
        }
    }

    /// API Gateway's resources are its paths, without account.
    private var requestPath: String {
        "arn:\(context.partition):apigateway:\(context.region)::\(path)"
    }

    /// A function by name, `account:function:name`, or ARN; a qualifier is part of the resource.
    private func function(_ text: String) -> String {
        var arn = text
        if !text.hasPrefix("arn:") {
            let name = text.firstRange(of: "function:").map { String(text[$0.upperBound...]) } ?? text
            let account = text.split(separator: ":").first.flatMap { $0.count == 12 && name != text ? String($0) : nil }
            arn = "arn:\(context.partition):lambda:\(context.region):\(account ?? context.account):function:\(name)"
        }
        let isQualified = arn.split(separator: ":", omittingEmptySubsequences: false).count > 7
        if let qualifier = input.text(at: "Qualifier"), !isQualified { arn += ":" + qualifier }
        return arn
    }

    /// A foundation model by its id, or an inference profile, whose id begins with a group of regions.
    private func model(_ id: String) -> String {
        let groups = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "global."]
        if groups.contains(where: { id.hasPrefix($0) }) { return context.prefix("bedrock") + "inference-profile/" + id }
        return "arn:\(context.partition):bedrock:\(context.region)::foundation-model/\(id)"
    }

    /// A key by its id or ARN; behind an alias may be any key of the alias's account.
    private func key(_ text: String) -> String {
        if text.hasPrefix("alias/") { return context.prefix("kms") + "key/*" }
        guard text.hasPrefix("arn:") else { return context.prefix("kms") + "key/" + text }
        guard let alias = text.firstRange(of: ":alias/") else { return text }
        return text[..<alias.lowerBound] + ":key/*"
    }

    /// A rule of the default bus, or of another one, named or by its ARN.
    private func eventRule(_ name: String) -> String? {
        let bus = input.text(at: "EventBusName") ?? "default"
        guard let known = ARNTemplate.name(bus, in: context) else { return nil }
        return context.prefix("events") + (known == "default" ? "rule/" : "rule/\(known)/") + name
    }

    /// What Systems Manager reaches: an instance of EC2, a machine of the customer's, a task of ECS.
    private func node(_ id: String) -> String? {
        if id.hasPrefix("i-") { return context.prefix("ec2") + "instance/" + id }
        if id.hasPrefix("mi-") { return context.prefix("ssm") + "managed-instance/" + id }
        // `ecs:CLUSTER_TASK_CONTAINER`
        let parts = id.dropFirst("ecs:".count).split(separator: "_")
        guard id.hasPrefix("ecs:"), parts.count >= 2 else { return nil }
        return context.prefix("ecs") + "task/\(parts[0])/\(parts[1])"
    }

    /// Twelve digits each; the account of the call where the request names none.
    private func accounts(_ member: String) -> [String]? {
        let texts = plain(member)
        guard texts.allSatisfy({ $0.utf8.count == 12 && $0.utf8.allSatisfy(ASCII.isDigit) }) else { return nil }
        return texts.isEmpty ? [context.account] : texts
    }

    /// Names of log groups, which may be given as ARNs with or without `:*`.
    private func logGroups(_ member: String) -> [String]? {
        var names: [String] = []
        for text in plain(member) {
            guard text.hasPrefix("arn:") else {
                names.append(text)
                continue
            }
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 7, parts[5] == "log-group", parts[3] == context.region, parts[4] == context.account
            else {
                return nil
            }
            names.append(String(parts[6]))
        }
        return names
    }

    /// Documents of Amazon's have no account in their ARN.
    private static func isAmazons(_ document: String) -> Bool {
        ["AWS-", "Amazon", "AWSEC2", "AWSSupport", "AWSConfigRemediation", "SSM-"].contains { document.hasPrefix($0) }
            && document != "SSM-SessionManagerRunShell"
    }

    /// The event bus of each entry; an entry without one goes to the default bus.
    private func buses(_ member: String) -> [String] {
        let list = member.split(separator: ".").first.map(String.init) ?? member
        return input.values(at: list).map { $0["EventBusName"]?.text ?? "default" }
    }

    /// A queue by its URL, `https://sqs.eu-west-1.amazonaws.com/111122223333/name`, or by its name.
    private func queue(_ text: String) -> String? {
        let parts = text.split(separator: "/")
        guard let name = parts.last else { return nil }
        let account = parts.count > 1 ? String(parts[parts.count &- 2]) : context.account
        guard parts.count == 1 || account.utf8.allSatisfy(ASCII.isDigit) else { return nil }
        return "arn:\(context.partition):sqs:\(context.region):\(account):\(name)"
    }
}

/// The resource types of EC2 ids.
enum EC2ResourceType {
    private static let types: [String: String] = [
        "i": "instance", "vol": "volume", "snap": "snapshot", "ami": "image", "sg": "security-group",
        "subnet": "subnet", "vpc": "vpc", "igw": "internet-gateway", "rtb": "route-table", "eni": "network-interface",
        "eipalloc": "elastic-ip", "nat": "natgateway", "acl": "network-acl", "dopt": "dhcp-options",
        "lt": "launch-template", "key": "key-pair", "pl": "prefix-list", "tgw": "transit-gateway",
        "vpce": "vpc-endpoint", "pcx": "vpc-peering-connection", "vgw": "vpn-gateway", "cgw": "customer-gateway",
        "vpn": "vpn-connection", "r": "reserved-instances", "sir": "spot-instances-request", "fl": "vpc-flow-log",
        "pg": "placement-group", "fleet": "fleet", "sfr": "spot-fleet-request", "cr": "capacity-reservation",
        "sgr": "security-group-rule", "eigw": "egress-only-internet-gateway", "h": "dedicated-host",
    ]

    static func of(id: String) -> String? {
        guard let dash = id.firstIndex(of: "-") else { return nil }
        return types[String(id[..<dash])]
    }
}
