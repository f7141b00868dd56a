import AWSRequest
import HTTPTypes
import Identity
import Policy

/// The condition keys of one call (docs/policy.md), looked up only when a statement asks for them.
struct PolicyKeys {
    let session: Session
    let query: CallLabel?
    let app: CallLabel?
    let isPresigned: Bool
    let sourceAddress: String
    let userAgent: String
    let region: String
    let input: ParsedInput?
    let now: UnixTime

    var context: PolicyContext {
        PolicyContext { key in value(of: key) }
    }

    /// The keys that a role's trust and an approver's condition can ask for: the principal's alone.
    static func context(of principal: Principal) -> PolicyContext {
        PolicyContext { key in key.prefix == "oidc" ? claim(String(key.suffix), of: principal) : .missing }
    }

    private func value(of key: ConditionKey) -> ContextValue {
        switch key.prefix {
        case "oidc": Self.claim(String(key.suffix), of: session.principal)
        case "postern": posternValue(key.name)
        case "request": requestValue(String(key.suffix))
        case "aws": globalValue(key.name)
        default: .unknown
        }
    }

    static func claim(_ name: String, of principal: Principal) -> ContextValue {
        switch name {
        case "sub": return .values([principal.subject])
        case "iss": return .values([principal.issuer])
        case "aud": return .values([principal.audience])
        case "groups": return principal.groups.isEmpty ? .missing : .values(principal.groups)
        default:
            guard let entry = principal.claims.entries.first(where: { $0.name == name }) else { return .missing }
            return .values(entry.values)
        }
    }

    private func posternValue(_ name: String) -> ContextValue {
        switch name {
        case "postern:role": .values([session.role.text])
        case "postern:sessionname": .values([session.name.text])
        case "postern:query": query.map { .values([$0.text]) } ?? .missing
        case "postern:app": app.map { .values([$0.text]) } ?? .missing
        case "postern:presigned": .values([isPresigned ? "true" : "false"])
        default: .missing
        }
    }

    private func requestValue(_ path: String) -> ContextValue {
        // A streamed body has members that nobody has read.
        guard let input else { return .unknown }
        let texts = input.texts(at: path)
        return texts.isEmpty ? .missing : .values(texts)
    }

    private func globalValue(_ name: String) -> ContextValue {
        switch name {
        case "aws:requestedregion": .values([region])
        case "aws:sourceip": .values([sourceAddress])
        case "aws:useragent": userAgent.isEmpty ? .missing : .values([userAgent])
        case "aws:currenttime": .values([now.description])
        case "aws:epochtime": .values([String(now.seconds)])
        case "aws:securetransport": .values(["true"])
        case "aws:viaawsservice", "aws:principalisawsservice": .values(["false"])
        case "aws:calledvia", "aws:calledviafirst", "aws:calledvialast": .missing
        case "aws:principalaccount": .values([session.role.account])
        case "aws:principalarn": .values([session.arn])
        case "aws:tokenissuetime": .values([session.issued.description])
        default: .unknown
        }
    }
}
