import HTTPTypes
import AWSRequest
import Approvals
import Audit
import Configuration
import FastCGI
import Identity
import Metrics
import OpenSSL
import Policy

extension CallHandler {
    /// Step 6: a denial ends here, an allowed call passes, any other one needs a grant for exactly this call.
    ///
    /// The grant is only found here; it is used up in the transaction that makes the intent durable.
    func approve(
        _ decision: Decision,
        _ understood: UnderstoodCall,
        _ input: ParsedInput,
        _ embedded: EmbeddedURL?,
        caller: Caller
    ) throws(Rejection) -> GrantUse? {
        switch decision.outcome {
        case .allow: return nil
        case .deny, .defaultDeny:
            let message = "\(decision.summary). If it is needed, ask whoever writes this gateway's policy."
            throw Rejection(.denied, status: 403, code: "AccessDenied", message)
        case .requireApproval(let terms):
            let request = try approvalRequest(terms, decision, understood, input, embedded, caller: caller)
            let approval = try hold(try open(request), terms: terms)
            return try use(approval, of: request, decision)
        }
    }

    private func open(_ request: ApprovalRequest) throws(Rejection) -> Approval {
        do throws(ApprovalError) {
            return try gateway.parts.approvals.open(request)
        } catch {
            throw .unavailable("Approvals cannot be read at the moment, so the call was not made. Try again.")
        }
    }

    /// Holds the request for a while: most approvals come while somebody is looking.
    private func hold(_ approval: Approval, terms: Policy.ApprovalTerms) throws(Rejection) -> Approval {
        guard approval.state == .pending, terms.hold > 0 else { return approval }
        let deadline = ContinuousClock.now + .seconds(min(terms.hold, 50))
        let store = gateway.parts.approvals
        let held = gateway.metrics.held
        let waited = exchange.hold { [exchange] () -> Result<Approval, ApprovalError> in
            held.during {
                do throws(ApprovalError) {
                    return .success(try store.wait(for: approval, until: deadline) { exchange.isClientGone })
                } catch {
                    return .failure(error)
                }
            }
        }
        switch waited {
        case .success(let decided): return decided
        case .failure:
            throw .unavailable("Approvals cannot be read at the moment, so the call was not made. Try again.")
        // No place left to wait in: the agent comes back.
        case nil: return approval
        }
    }

    private func use(_ approval: Approval, of request: ApprovalRequest, _ decision: Decision) throws(Rejection)
        -> GrantUse
    {
        let id = RecordID(parsing: approval.id.text)
        decided?.approvalID = id
        switch approval.state {
        case .approved:
            guard let id else { throw .unavailable("The approval's id cannot be read.") }
            decided?.verdict = .approved
            return GrantUse(approvalID: id, fingerprint: request.fingerprint)
        case .pending:
            let site = gateway.parts.settings.site
            throw Rejection(
                .pending,
                status: 403,
                code: "AccessDenied",
                "\(decision.summary). Approval \(approval.id) is pending until \(approval.expires): ask an approver to decide at "
                    + "\(gateway.parts.settings.console.url)approvals/\(approval.id) . Once it is approved, run the same "
                    + "command again; status: https://\(site)/_postern/approvals/\(approval.id)"
            )
        case .denied:
            throw Rejection(
                .denied,
                status: 403,
                code: "AccessDenied",
                "\(decision.summary); approval \(approval.id) was denied by a person. Do not repeat the call."
            )
        case .expired, .cancelled, .used:
            throw Rejection(
                .denied,
                status: 403,
                code: "AccessDenied",
                "Approval \(approval.id) is \(approval.state.rawValue). Run the command again to ask anew."
            )
        }
    }

    private func approvalRequest(
        _ terms: Policy.ApprovalTerms,
        _ decision: Decision,
        _ understood: UnderstoodCall,
        _ input: ParsedInput,
        _ embedded: EmbeddedURL?,
        caller: Caller
    ) throws(Rejection) -> ApprovalRequest {
        let session = caller.assertion.session
        let requester = Person(issuer: session.principal.issuer, subject: session.principal.subject)
        let digest = CallFingerprint.digest(
            requester: requester,
            role: session.role.text,
            account: session.role.account,
            region: understood.call.region,
            operation: understood.call.qualifiedName,
            scope: try scope(terms, understood, input, embedded)
        )
        var request = ApprovalRequest(
            fingerprint: digest,
            terms: Approvals.ApprovalTerms(
                approvers: terms.approvers.text,
                quorum: terms.quorum,
                expiresAfter: terms.expiresAfter,
                grantLasts: terms.grantLasts,
                uses: terms.uses
            ),
            requester: requester,
            operation: understood.call.qualifiedName,
            summary: masked(decision.summary)
        )
        let audited = recordedCall
        request.groups = audited.groups
        request.role = audited.role
        request.sessionID = audited.sessionID
        request.queryID = audited.queryID
        request.app = audited.app
        request.sourceIP = audited.sourceIP
        request.userAgent = audited.userAgent
        request.actions = audited.actions
        request.accessLevel = audited.accessLevel
        request.risks = audited.risks
        request.resources = audited.resources
        request.region = audited.region
        request.account = audited.account
        request.parameters = audited.parameters.map { String(decoding: $0, as: UTF8.self) }
        request.command = CommandLine.words(of: understood.call, parameters: request.parameters ?? "{}")
        request.statement = decision.statement?.description
        request.explanation = request.summary
        request.policyHash = decided?.policyHash
        return request
    }

    private func scope(
        _ terms: Policy.ApprovalTerms,
        _ understood: UnderstoodCall,
        _ input: ParsedInput,
        _ embedded: EmbeddedURL?
    ) throws(Rejection) -> CallFingerprint.Scope {
        // Only resources that are known for certain can stand for the call.
        if terms.scope == .resource, !audited.resources.isEmpty { return .resources(audited.resources) }
        let payload: SHA256Digest?
        switch understood.payload {
        case .whole(_, let digest): payload = understood.call.bodyNeed == .streaming ? digest : nil
        case .streamed(let hash?): payload = hash
        case .streamed(nil), .chunked:
            throw .invalid("InvalidRequest", "A payload that is not hashed cannot be approved; this should not happen.")
        }
        let tokens = gateway.parts.catalogue.idempotencyTokenMembers(understood.call)
        let parameters = MeantParameters.bytes(
            of: input,
            without: tokens + (embedded.map { _ in EmbeddedURL.members } ?? []),
            fields: understood.request.headerFields,
            payload: payload
        )
        // A URL is signed anew in every run; what it asks for, and where, stays.
        let url = embedded.map { "\n\($0.call.region)\n\($0.input.canonicalText(without: tokens))" } ?? ""
        let endpoint = understood.endpoint.map { "\n\($0.host)\($0.basePath)" } ?? ""
        return .call(parameters: parameters + Array(url.utf8) + Array(endpoint.utf8))
    }
}

/// A call as the command that somebody would type.
enum CommandLine {
    /// `aws SERVICE OPERATION --cli-input-json '{…}'`, with the parameters as they are recorded: masked.
    static func words(of call: RecognisedCall, parameters: String) -> String {
        let service = call.operation.service.id
        // By scalars: a quote that a combining mark follows is no Character of its own, but a shell's quote all the same.
        var quoted = ""
        for scalar in parameters.unicodeScalars {
            if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
        }
        return "aws \(service) \(kebab(call.operation.name)) --region \(call.region) --cli-input-json '\(quoted)'"
    }

    /// `DescribeDBInstances` as `describe-db-instances`, the AWS CLI's own way of writing.
    static func kebab(_ name: String) -> String {
        var words: [UInt8] = []
        let bytes = Array(name.utf8)
        for (index, byte) in bytes.enumerated() {
            let isUpper = (0x41...0x5A).contains(byte)
            if isUpper, index > 0 {
                let before = bytes[index - 1]
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                let beginsWord = !(0x41...0x5A).contains(before) || (0x61...0x7A).contains(next)
                // A plural of capitals is one word: DBs.
                let isPlural = next == UInt8(ascii: "s") && index + 2 == bytes.count
                if beginsWord, !isPlural || !(0x41...0x5A).contains(before) { words.append(UInt8(ascii: "-")) }
            }
            words.append(isUpper ? byte | 0x20 : byte)
        }
        return String(decoding: words, as: UTF8.self)
    }
}
