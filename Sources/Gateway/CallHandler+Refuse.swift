import HTTPTypes
import Masking
import Logging
import AWSRequest
import Audit
import FastCGI
import Glibc
import Identity

extension CallHandler {
    /// Answers a refusal in the caller's protocol and records it.
    func refuse(_ rejection: Rejection) {
        let wireProtocol = wireProtocol
        answer(rejection, in: wireProtocol)
        let event: EventRecord.Event? =
            switch rejection.kind {
            case .authentication: .authenticationFailed
            case .denied, .invalid, .limited: .denied
            case .pending: .approvalPending
            // The audit trail itself may be what is out of reach; the log has it.
            case .unavailable, .upstream: nil
            }
        let code = rejection.code(in: wireProtocol)
        report(rejection, code: code)
        guard let event else { return }
        var record = EventRecord(
            event,
            id: RecordID(parsing: requestID) ?? .make(),
            time: .now(),
            message: masked(rejection.message),
            call: recordedCall,
            decision: recordedDecision
        )
        record.status = rejection.status
        record.errorCode = code
        gateway.parts.audit.append(event: record)
    }

    /// Writes the error answer; a client that has left gets none.
    func answer(_ rejection: Rejection, in wireProtocol: WireProtocol) {
        let reply = AWSErrorReply.render(
            code: rejection.code(in: wireProtocol),
            message: masked(rejection.message),
            status: rejection.status,
            requestID: requestID,
            for: wireProtocol,
            method: received?.method.rawValue ?? "GET",
            retryAfter: rejection.retryAfter
        )
        var fields = reply.headers
        fields.append(("Content-Length", String(reply.body.count)))
        try? exchange.writeHead(status: reply.status, fields: fields)
        try? exchange.write(reply.body.span)
    }

    /// Messages may repeat what the agent sent.
    func masked(_ message: String) -> String {
        let engine = gateway.parts.masking["default"]
        return (try? engine?.mask(text: message, fingerprintKey: fingerprintKey)) ?? "The call was refused."
    }
}

extension CallHandler {
    /// The call as it goes on record.
    var recordedCall: AuditedCall { audited.masked(masked) }

    /// The decision as it goes on record: an explanation may name what the agent named.
    var recordedDecision: AuditedDecision? {
        var decision = decided
        decision?.explanation = decided?.explanation.map(masked)
        return decision
    }
}

/// Answers what postern-auth refused: in AWS's words, and on record.
struct RefusalHandler {
    private let handler: CallHandler

    init(_ gateway: Gateway, _ exchange: Exchange) {
        handler = CallHandler(gateway, exchange)
    }

    func run() {
        let parameters = handler.exchange.parameters
        let refusal = parameters.text("POSTERN_REFUSAL").flatMap { Refusal(headerValue: $0) }
        var rejection = refusal.map { Rejection($0) } ?? Rejection(Refusal.credential(.missing))
        do throws(Rejection) {
            handler.take(try IncomingRequest(parameters))
        } catch {
            rejection = error
        }
        handler.refuse(rejection)
    }
}
