import Identity
import AWSRequest
import Approvals
import FastCGI
import HTTPTypes
import OpenSSL
import SigV4

/// `GET /_postern/approvals/{id}`: where an approval stands, for whoever asked for it.
///
/// With `?wait=SECONDS` (at most 50) the answer comes when it is decided, or then.
struct ApprovalStatusHandler {
    private let handler: CallHandler

    init(_ gateway: Gateway, _ exchange: Exchange) {
        handler = CallHandler(gateway, exchange)
    }

    func run() {
        do throws(Rejection) {
            let incoming = try IncomingRequest(handler.exchange.parameters)
            handler.take(incoming)
            handler.recognisedProtocol = .restJSON
            try answer(incoming)
        } catch {
            handler.refuse(error)
        }
    }

    private func answer(_ incoming: IncomingRequest) throws(Rejection) {
        let caller = try Caller(incoming, handler.exchange.parameters, gateway: handler.gateway)
        handler.audited.take(caller.assertion)
        guard incoming.request.method == .get else {
            throw .invalid("MethodNotAllowed", "An approval's state can only be read.", status: 405)
        }
        try verify(caller)
        let principal = caller.assertion.session.principal
        let (id, wait) = Self.parse(incoming.request.path ?? "")
        let found = try find(id)
        // Another's approval is like one that does not exist.
        guard let found, found.requester == Person(issuer: principal.issuer, subject: principal.subject) else {
            throw .invalid("ResourceNotFoundException", "You have asked for no approval of this id.", status: 404)
        }
        let approval = wait > 0 ? try waited(found, seconds: wait) : found
        let body = Array(Self.json(approval).utf8)
        try? handler.exchange.writeHead(
            status: 200,
            fields: [
                ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
                ("Content-Length", "\(body.count)"),
            ]
        )
        try? handler.exchange.write(body.span)
    }

    private func verify(_ caller: Caller) throws(Rejection) {
        guard case .signature(let claim) = caller.proof else { return }
        do throws(SignatureError) {
            _ = try claim.verify(
                secret: handler.secret(of: caller),
                bodyHash: SHA256.ofNothing,
                now: SigningTime(secondsSince1970: caller.now.seconds)
            )
        } catch {
            throw Rejection(error)
        }
    }

    private func find(_ id: ApprovalID?) throws(Rejection) -> Approval? {
        guard let id else { return nil }
        do throws(ApprovalError) {
            return try handler.gateway.parts.approvals.find(id)
        } catch {
            throw .unavailable("Approvals cannot be read at the moment. Try again.")
        }
    }

    private func waited(_ approval: Approval, seconds: Int) throws(Rejection) -> Approval {
        let deadline = ContinuousClock.now + .seconds(min(seconds, 50))
        let store = handler.gateway.parts.approvals
        let exchange = handler.exchange
        let result = exchange.hold { try? store.wait(for: approval, until: deadline) { exchange.isClientGone } }
        return (result ?? nil) ?? approval
    }

    /// The id and the seconds of `/_postern/approvals/{id}?wait=20`.
    static func parse(_ target: String) -> (ApprovalID?, Int) {
        let parts = target.split(separator: "?", maxSplits: 1)
        let id = parts.first?.split(separator: "/").last.flatMap { ApprovalID(parsing: $0) }
        let wait = parts.count == 2 && parts[1].hasPrefix("wait=") ? Int(parts[1].dropFirst(5)) ?? 0 : 0
        return (id, max(0, wait))
    }

    /// Only words of the gateway's own and times: nothing in it needs escaping.
    private static func json(_ approval: Approval) -> String {
        func text(_ value: String?) -> String { value.map { "\"\($0)\"" } ?? "null" }
        return """
            {"id":"\(approval.id)","state":"\(approval.state.rawValue)","operation":\(text(approval.operation)),\
            "created":\(text(approval.created)),"expires":\(text(approval.expires)),"decided":\(text(approval.decided)),\
            "grant_expires":\(text(approval.grantExpires)),"approvals":\(approval.approvals),"quorum":\(approval.quorum)}

            """
    }
}
