public import Configuration
import AWSRequest
import Audit
import FastCGI
public import HTTPClient
import HTTPTypes
import Identity
import Masking
import OpenSSL
import SigV4

/// A call that may be sent.
struct Forwarding {
    let intent: RecordID
    let understood: UnderstoodCall
    let incoming: IncomingRequest
    let upstream: UpstreamTarget
    let caller: Caller
}

extension CallHandler {
    /// Steps 8 to 10: sign, send, mask, record what came of it.
    func forward(_ forwarding: Forwarding, body: IncomingBody, profile: String?, asksForDecryption: Bool) {
        var outcome = OutcomeRecord(id: forwarding.intent, time: .now())
        let relay = relay(forwarding, profile: profile, asksForDecryption: asksForDecryption)
        var rejection: Rejection?
        do throws(Rejection) {
            try exchangeWithUpstream(forwarding, body: body, relay: relay)
        } catch {
            rejection = error
        }
        stopwatch.lap("upstream")
        outcome.bytesIn = max(body.received, Int64(forwarding.understood.payload.whole?.count ?? 0))
        outcome.awsRequestID = relay.field("x-amzn-requestid") ?? relay.field("x-amz-request-id")
        outcome.errorCode = rejection?.code ?? ErrorCode.read(relay)
        outcome.isCompleted = rejection == nil
        outcome.isTruncated = rejection?.kind == .upstream && relay.hasBegun
        outcome.message = rejection?.message
        outcome.findings = relay.findings.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        if let rejection {
            if relay.hasBegun {
                exchange.abort()
            } else {
                answer(rejection, method: forwarding.incoming.request.method.rawValue)
            }
        }
        outcome.status = relay.hasBegun ? relay.status : rejection?.status
        outcome.bytesOut = relay.bytesOut
        outcome.responseSHA256 = relay.digest()
        outcome.timings = stopwatch.stages
        outcome.time = .now()
        gateway.parts.audit.append(outcome: outcome)
        report(outcome, rejection)
    }

    private func relay(_ forwarding: Forwarding, profile: String?, asksForDecryption: Bool) -> ResponseRelay {
        let engine = gateway.parts.masking[profile ?? "default"]
        let operation = forwarding.understood.call.qualifiedName
        let isObject = forwarding.understood.call.operation.traits.contains(.streamingOutput)
        let key = fingerprintKey
        return ResponseRelay(
            exchange,
            isHead: forwarding.incoming.request.method == .head,
            window: try? window(of: forwarding),
            makeMasker: { head, opening throws(MaskingError) in
                guard let engine else { throw .invalidProfile(reason: profile ?? "default") }
                let isOpaque = isObject && head.status < 300
                let declared = head.first("content-type")
                return try engine.responseMasker(
                    MaskingContext(
                        operation: operation,
                        contentType: isOpaque
                            ? declared : DocumentType.effective(declared: declared, opening: opening),
                        contentEncoding: head.first("content-encoding"),
                        fingerprintKey: key,
                        isOpaqueObject: isOpaque,
                        asksForDecryption: asksForDecryption
                    )
                )
            },
            maskField: { name, value throws(MaskingError) in
                guard let engine else { throw .invalidProfile(reason: profile ?? "default") }
                return try engine.maskHeader(name: name, value: value, operation: operation, fingerprintKey: key)
            }
        )
    }

    /// The range that a download asks for; a range that cannot be widened is refused.
    private func window(of forwarding: Forwarding) throws(Rejection) -> RangeWindow? {
        let request = forwarding.understood.request
        guard request.method == .get, forwarding.understood.call.operation.traits.contains(.streamingOutput) else {
            return nil
        }
        let query = (request.path ?? "").drop { $0 != "?" }.dropFirst()
        guard !query.split(separator: "&").contains(where: { $0.hasPrefix("partNumber=") }) else {
            throw .invalid(
                "InvalidRequest",
                "partNumber is not served, since a secret could lie across two parts: use Range."
            )
        }
        let ranges = request.headerFields[values: .range]
        guard let field = ranges.first else { return nil }
        guard ranges.count == 1, let window = RangeWindow(field) else {
            throw .invalid("InvalidRange", "Ask for one range in bytes, such as bytes=0-99.", status: 416)
        }
        return window
    }

    private func exchangeWithUpstream(
        _ forwarding: Forwarding,
        body: IncomingBody,
        relay: ResponseRelay
    ) throws(Rejection) {
        let credential = try credential(for: forwarding.caller.assertion)
        let outgoing = try OutgoingPayload(forwarding.understood.payload, incoming: forwarding.incoming, body: body)
        var request = forwarding.understood.request
        request.headerFields = outgoing.adjusted(OutgoingFields.passed(request.headerFields))
        if let window = try window(of: forwarding) { request.headerFields[.range] = window.widened }
        request.authority = forwarding.upstream.host
        request.path = forwarding.upstream.target
        do throws(SignatureError) {
            try gateway.signer.sign(
                &request,
                with: credential,
                region: forwarding.upstream.signingRegion,
                service: forwarding.upstream.signingName,
                payload: outgoing.mode,
                now: SigningTime(secondsSince1970: UnixTime.current().seconds)
            )
        } catch {
            throw Rejection(error)
        }
        let outbound = OutboundRequest(
            to: gateway.parts.settings.upstream.server.destination(of: forwarding.upstream.host),
            method: request.method,
            target: request.path ?? "/",
            host: forwarding.upstream.host,
            fields: request.headerFields
        )
        do throws(HTTPClientError) {
            try gateway.parts.client.perform(
                outbound,
                body: outgoing.body,
                into: relay.sink,
                isCancelled: { [exchange] in exchange.isClientGone }
            )
        } catch {
            throw outgoing.failure ?? relay.failure ?? Rejection(error)
        }
        try relay.finish()
    }

    private func credential(for assertion: IdentityAssertion) throws(Rejection) -> Credential {
        do throws(AWSCredentialsError) {
            return Credential(try gateway.parts.credentials(assertion))
        } catch {
            throw .unavailable("The gateway has no AWS credential for this role at the moment; tell its operator.")
        }
    }
}

extension Settings.Upstream.Server {
    /// Where to connect for a host of AWS's: there, or to the server that the configuration puts in AWS's place.
    public func destination(of host: String) -> OutboundRequest.Destination {
        switch self {
        case .aws: .init(scheme: "https", host: host, port: 443)
        case .fixed(scheme: "https", let server, let port):
            // TLS still verifies the name that AWS has.
            .init(scheme: "https", host: host, port: 443, connectTo: "\(server):\(port)")
        case .fixed(let scheme, let server, let port): .init(scheme: scheme, host: server, port: port)
        }
    }
}

/// AWS's own error code of an answer, as far as its beginning shows it.
enum ErrorCode {
    static func read(_ relay: ResponseRelay) -> String? {
        guard let status = relay.status else { return nil }
        if let field = relay.field("x-amzn-errortype"), let code = field.split(separator: ":").first {
            return String(code)
        }
        let opening = String(decoding: relay.opening, as: UTF8.self)
        // S3 says 200 before it knows, and puts the error into the body.
        let isHidden = status == 200 && opening.contains("<Error>")
        guard status >= 400 || isHidden else { return nil }
        if let range = opening.firstRange(of: "<Code>") { return word(opening[range.upperBound...], until: "<") }
        if let range = opening.firstRange(of: "\"__type\"") {
            let value = opening[range.upperBound...].drop { "\": \t\r\n".contains($0) }
            return word(value, until: "\"").split(separator: "#").last.map(String.init)
        }
        return String(status)
    }

    private static func word(_ text: Substring, until end: Character) -> String {
        String(text.prefix { $0 != end }.prefix(128))
    }
}
