import AWSRequest
import Audit
import HTTPTypes
import Identity
import OpenSSL
import Policy

extension AuditedCall {
    /// What any request shows before anything is verified.
    mutating func take(_ incoming: IncomingRequest) {
        requestID = RecordID(parsing: incoming.requestID)
        sourceIP = incoming.remoteAddress
        userAgent = incoming.request.headerFields[.userAgent]
        traceparent = HTTPField.Name("traceparent").flatMap { incoming.request.headerFields[$0] }
    }

    /// Who calls, once that is sure.
    mutating func take(_ assertion: IdentityAssertion) {
        let session = assertion.session
        issuer = session.principal.issuer
        subject = session.principal.subject
        groups = session.principal.groups
        role = session.role.text
        sessionID = session.id.text
        sessionName = session.name.text
        queryID = assertion.query?.text ?? session.name.text
        app = assertion.app?.text
        isPresigned = assertion.isPresigned
        account = session.role.account
    }

    /// What is asked for.
    mutating func take(_ call: RecognisedCall, needs: [AuthorizationRequest], account: String) {
        operation = call.qualifiedName
        region = call.region
        actions = needs.map(\.action)
        accessLevel = needs.compactMap(\.accessLevel).max { Self.rank($0) < Self.rank($1) }
        risks = Array(Set(needs.flatMap { $0.risks ?? [] })).sorted()
        resources = Array(Set(needs.flatMap { $0.resources ?? [] })).sorted()
    }

    /// As it is recorded: without the secrets that an agent put where none belongs.
    ///
    /// Issuer, subject and groups stay: they are the provider's words. The parameters are masked where they are made.
    func masked(_ mask: (String) -> String) -> AuditedCall {
        var texts = [sessionName, queryID, app, traceparent, userAgent].compactMap(\.self)
        texts.append(contentsOf: resources)
        // Nearly always there is nothing to mask, and one look at all of them says so.
        let joined = texts.joined(separator: "\n")
        guard mask(joined) != joined else { return self }
        var call = self
        call.sessionName = sessionName.map(mask)
        call.queryID = queryID.map(mask)
        call.app = app.map(mask)
        call.traceparent = traceparent.map(mask)
        call.userAgent = userAgent.map(mask)
        call.resources = resources.map(mask)
        return call
    }

    /// The trace that the agent's call belongs to, in hexadecimal digits (W3C Trace Context section 3.2).
    ///
    /// Nil where the field is none of version 00, so that nothing else of it gets into logs.
    var traceID: String? {
        guard let parts = traceparent?.split(separator: "-", omittingEmptySubsequences: false), parts.count == 4,
            parts[0] == "00", zip(parts.dropFirst(), [32, 16, 2]).allSatisfy({ Self.isHexadecimal($0, count: $1) }),
            parts[1].contains(where: { $0 != "0" })
        else { return nil }
        return String(parts[1])
    }

    private static func isHexadecimal(_ text: Substring, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func rank(_ level: String) -> Int {
        ConditionKey.accessLevels.firstIndex(of: level) ?? ConditionKey.accessLevels.count
    }
}

extension AuditedDecision {
    init(_ decision: Decision, policyHash: SHA256Digest) {
        let verdict: Verdict =
            switch decision.outcome {
            case .allow: .allow
            case .requireApproval: .requireApproval
            case .deny, .defaultDeny: .deny
            }
        self.init(
            verdict,
            statement: decision.statement?.description,
            policyHash: policyHash,
            explanation: decision.summary,
            maskProfile: decision.mask
        )
    }
}
