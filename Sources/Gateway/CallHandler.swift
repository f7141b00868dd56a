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
    /// The protocol of a call that was recognised.
    var recognisedProtocol: WireProtocol?
    /// The request as nginx passed it on, once it could be read.
    private(set) var received: HTTPRequest?
    var requestID = ""
    var fingerprintKey: [UInt8] = []
    /// Secrets that the call itself carries, by type, where the masking profile asks for them.
    var carried: [String: Int] = [:]

    init(_ gateway: Gateway, _ exchange: Exchange) {
        self.gateway = gateway
        self.exchange = exchange
    }

    /// Serves the call; never throws, every failure becomes an answer and a record.
    func run() {
        do throws(Rejection) {
            let incoming = try IncomingRequest(exchange.parameters)
            take(incoming)
            try serve(incoming)
        } catch {
            refuse(error)
        }
    }

    /// Keeps what a refusal and the audit need, before anything is verified.
    func take(_ incoming: IncomingRequest) {
        requestID = incoming.requestID
        received = incoming.request
        audited.take(incoming)
    }

    /// The protocol in which errors are told: the call's, or what the head looks like.
    var wireProtocol: WireProtocol {
        recognisedProtocol ?? received.map { WireProtocol.guess(from: $0) } ?? .restJSON
    }

    private func serve(_ incoming: IncomingRequest) throws(Rejection) {
        let caller = try identify(incoming)
        let body = IncomingBody(exchange, declared: incoming.contentLength)
        var understood = try understand(incoming, caller: caller, body: body)
        stopwatch.lap("verify")

        let input = try parse(understood, incoming)
        let twins = try otherReadings(of: understood)
        let embedded = try embeddedURL(in: understood, input, caller: caller)
        var decision = judge(Reading(understood.call, input), twins, embedded, caller: caller, incoming)
        stopwatch.lap("decide")
        try checkLimits(decision, session: caller.assertion.session, isMutating: understood.call.isMutating)
        decision = try inspect(decision, &understood, input, body: body)
        if case .requireApproval = decision.outcome { understood = try hashed(understood, body: body) }
        let grant = try approve(decision, understood, input, embedded, caller: caller)
        stopwatch.lap("approve")

        let customers = try customerEndpoint(of: understood, caller: caller)
        let upstream = try address(understood.call, input, customers: customers)
        let intent = IntentRecord(
            id: RecordID(parsing: requestID) ?? .make(),
            time: .now(),
            call: recordedCall,
            decision: recordedDecision ?? AuditedDecision(.allow),
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
                embedded: embedded,
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
            throw Rejection(error)
        }
    }

    /// The other calls that the request could be, each with its own input.
    private func otherReadings(of understood: UnderstoodCall) throws(Rejection) -> [Reading] {
        do throws(InputError) {
            return try gateway.parts.catalogue.otherReadings(
                of: understood.call,
                understood.request,
                body: understood.payload.whole ?? []
            )
        } catch {
            throw Rejection(error)
        }
    }

    /// A name for the record: object keys may hold credentials.
    func maskedName(_ name: String) -> String {
        let engine = gateway.parts.masking["default"]
        return (try? engine?.mask(resource: name, fingerprintKey: fingerprintKey)) ?? "*"
    }

    private func maskedParameters(_ input: ParsedInput) -> [UInt8]? {
        let json = Array(input.jsonText().utf8)
        let engine = gateway.parts.masking["default"]
        return try? engine?.maskJSON(json, fingerprintKey: fingerprintKey)
    }

    /// Step 4 and 5; a URL in the call is judged like the call, and the stricter decision counts.
    private func judge(
        _ reading: Reading,
        _ twins: [Reading],
        _ embedded: EmbeddedURL?,
        caller: Caller,
        _ incoming: IncomingRequest
    ) -> Decision {
        let session = caller.assertion.session
        let needs = classify([reading] + twins, session: session)
        let inner = embedded.map { classify([$0.reading] + $0.twins, session: session) } ?? []
        audited.take(reading.call, needs: needs + inner, account: session.role.account)
        audited.resources = audited.resources.map(maskedName)
        let version = gateway.policy.current
        var decision = decide(needs, reading.call, reading.input, by: version, caller: caller, incoming)
        if let embedded {
            let other = decide(inner, embedded.call, embedded.input, by: version, caller: caller, incoming)
            decision = EmbeddedURL.stricter(decision, other)
        }
        var record = AuditedDecision(decision, policyHash: version.hash)
        record.explanation = record.explanation.map(maskedName)
        decided = record
        return decision
    }

    private func classify(_ readings: [Reading], session: Session) -> [AuthorizationRequest] {
        // A request that could mean several operations must be allowed as each of them.
        let actions = readings.flatMap { reading in
            gateway.parts.catalogue.classify(reading.call, reading.input, account: session.role.account).actions
        }
        return actions.map { AuthorizationRequest($0) }
    }

    private func decide(
        _ needs: [AuthorizationRequest],
        _ call: RecognisedCall,
        _ input: ParsedInput,
        by version: PolicyVersion,
        caller: Caller,
        _ incoming: IncomingRequest
    ) -> Decision {
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
        return version.policy.decide(needs, in: keys.context)
    }

    /// Where AWS answers a call.
    func address(
        _ call: RecognisedCall,
        _ input: ParsedInput,
        customers: CustomerEndpoint? = nil
    ) throws(Rejection) -> UpstreamTarget {
        do throws(EndpointError) {
            return try gateway.parts.catalogue.endpoint(
                for: call,
                input: input,
                options: gateway.parts.settings.upstream.options,
                customers: customers
            )
        } catch {
            throw Rejection(error)
        }
    }
}
