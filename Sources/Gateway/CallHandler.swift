import Configuration
import Masking
import AWSRequest
import Audit
import FastCGI
import HTTPTypes
import Identity
import OpenSSL
import Policy
import SigV4

/// One call from its first byte to its outcome: the ten steps in their order.
///
/// Each step returns what the next one needs; the first that refuses ends the call with an AWS error. What was verified,
/// what was decided on and what is sent are the same bytes.
final class CallHandler {
    let gateway: Gateway
    let exchange: Exchange
    /// What is known of the call so far, for the audit.
    var audited = AuditedCall()
    var decided: AuditedDecision?
    var stopwatch = Stopwatch()
    var wireProtocol = WireProtocol.restJSON
    var requestID = ""
    var fingerprintKey: [UInt8] = []

    init(_ gateway: Gateway, _ exchange: Exchange) {
        self.gateway = gateway
        self.exchange = exchange
    }

    /// Serves the call; never throws, every failure becomes an answer and a record.
    func run() {
        var method = "GET"
        do throws(Rejection) {
            let incoming = try IncomingRequest(exchange.parameters)
            requestID = incoming.requestID
            method = incoming.request.method.rawValue
            wireProtocol = WireProtocol.guess(from: incoming.request)
            audited.take(incoming)
            try serve(incoming)
        } catch {
            refuse(error, method: method)
        }
    }

    private func serve(_ incoming: IncomingRequest) throws(Rejection) {
        let caller = try identify(incoming)
        let body = IncomingBody(exchange, declared: incoming.contentLength)
        var understood = try understand(incoming, caller: caller, body: body)
        stopwatch.lap("verify")

        let input = try parse(understood, incoming)
        let needs = classify(understood.call, input, session: caller.assertion.session)
        let decision = decide(needs, understood.call, input, caller: caller, incoming)
        stopwatch.lap("decide")
        try checkLimits(decision, session: caller.assertion.session)
        if case .requireApproval = decision.outcome { understood = try hashed(understood, body: body) }
        let grant = try approve(decision, understood, input, caller: caller, incoming)
        stopwatch.lap("approve")

        let upstream = try address(understood.call, input)
        let intent = IntentRecord(
            id: RecordID(parsing: requestID) ?? .make(),
            time: .now(),
            call: audited,
            decision: decided ?? AuditedDecision(.allow),
            upstreamHost: upstream.host
        )
        do throws(AuditError) {
            _ = try gateway.parts.audit.append(intent: intent, consuming: grant)
        } catch {
            throw Rejection(error)
        }
        stopwatch.lap("record")
        forward(
            Forwarding(
                intent: intent.id,
                understood: understood,
                incoming: incoming,
                upstream: upstream,
                caller: caller
            ),
            body: body,
            profile: decision.mask,
            asksForDecryption: input.text(at: "WithDecryption") == "true"
        )
    }

    /// Step 2 of postern-auth's work, checked again: who calls, by which credential.
    private func identify(_ incoming: IncomingRequest) throws(Rejection) -> Caller {
        let caller = try Caller(incoming, exchange.parameters, gateway: gateway)
        audited.take(caller.assertion)
        fingerprintKey = caller.fingerprintKey
        return caller
    }

    private func parse(_ understood: UnderstoodCall, _ incoming: IncomingRequest) throws(Rejection) -> ParsedInput {
        do throws(InputError) {
            let request = understood.request
            let input = try gateway.parts.catalogue.parse(
                understood.call,
                request,
                body: understood.payload.whole ?? []
            )
            audited.parameters = maskedParameters(input)
            return input
        } catch {
            throw .invalid("SerializationException", "The request's input cannot be read: \(error).")
        }
    }

    private func maskedParameters(_ input: ParsedInput) -> [UInt8]? {
        let json = Array(input.jsonText().utf8)
        let engine = gateway.parts.masking["default"]
        return try? engine?.maskJSON(json, fingerprintKey: fingerprintKey)
    }

    private func classify(_ call: RecognisedCall, _ input: ParsedInput, session: Session) -> [AuthorizationRequest] {
        // A request that could mean several operations must be allowed as each of them.
        let actions = call.readings.flatMap { reading in
            gateway.parts.catalogue.classify(reading, input, account: session.role.account).actions
        }
        let needs = actions.map { need in
            AuthorizationRequest(
                action: need.name,
                resources: need.resources,
                accessLevel: need.accessLevel.description,
                risks: need.risks.names
            )
        }
        audited.take(call, needs: needs, account: session.role.account)
        return needs
    }

    private func decide(
        _ needs: [AuthorizationRequest],
        _ call: RecognisedCall,
        _ input: ParsedInput,
        caller: Caller,
        _ incoming: IncomingRequest
    ) -> Decision {
        let version = gateway.policy.current
        let assertion = caller.assertion
        let keys = PolicyKeys(
            session: assertion.session,
            query: assertion.query,
            app: assertion.app,
            isPresigned: assertion.isPresigned,
            sourceAddress: incoming.remoteAddress,
            userAgent: incoming.request.headerFields[.userAgent] ?? "",
            region: call.region,
            input: call.bodyNeed == .streaming ? nil : input,
            now: caller.now
        )
        let decision = version.policy.decide(needs, in: keys.context)
        decided = AuditedDecision(decision, policyHash: version.hash)
        return decision
    }

    private func address(_ call: RecognisedCall, _ input: ParsedInput) throws(Rejection) -> UpstreamTarget {
        let upstream = gateway.parts.settings.upstream
        var options: EndpointOptions = []
        if upstream.fips { options.insert(.fips) }
        if upstream.dualStack { options.insert(.dualStack) }
        do throws(EndpointError) {
            return try gateway.parts.catalogue.endpoint(for: call, input: input, options: options)
        } catch {
            throw Rejection(error)
        }
    }
}
