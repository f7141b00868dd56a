public import Configuration
import AWSRequest
import Audit
import FastCGI
public import HTTPClient
import HTTPTypes
import Identity
import Logging
import Masking
import OpenSSL
import SigV4

/// A call that may be sent.
struct Forwarding {
    let intent: RecordID
    let understood: UnderstoodCall
    let incoming: IncomingRequest
    let upstream: UpstreamTarget
    /// A presigned URL in it, which is to be made anew.
    let embedded: EmbeddedURL?
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
        outcome.awsRequestID = (relay.field("x-amzn-requestid") ?? relay.field("x-amz-request-id")).map(masked)
        let isObject = forwarding.understood.call.operation.traits.contains(.streamingOutput)
        outcome.errorCode = (rejection?.code ?? ErrorCode.read(relay, isObject: isObject)).map(masked)
        outcome.isCompleted = rejection == nil
        outcome.isTruncated = rejection?.kind == .upstream && relay.hasBegun
        outcome.message = (rejection?.message).map(masked)
        outcome.findings = relay.findings.merging(carriedFindings) { $1 }.map { ($0.key, $0.value) }
            .sorted { $0.0 < $1.0 }
        if let rejection {
            if relay.hasBegun {
                exchange.abort()
            } else {
                answer(rejection, in: forwarding.understood.call.wireProtocol)
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
        let relay = ResponseRelay(
            exchange,
            isHead: forwarding.incoming.request.method == .head,
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
        let received = forwarding.incoming.request
        if forwarding.understood.call.operation.name == "DescribeEndpoints" {
            let site = gateway.parts.settings.site
            relay.rewrite = { EndpointDiscovery.readdressed($0, to: site) }
        }
        // S3 sends a bucket's callers to the host of its region; theirs is the gateway, whatever the region.
        if forwarding.understood.call.wireProtocol == .s3, let host = received.authority, let path = received.path {
            relay.location = "https://\(host)\(path)"
        }
        return relay
    }

    /// The range that a download asks for; a range that cannot be widened is refused.
    private func window(of forwarding: Forwarding) throws(Rejection) -> RangeWindow? {
        let request = forwarding.understood.request
        guard request.method == .get, forwarding.understood.call.operation.traits.contains(.streamingOutput) else {
            return nil
        }
        let query = (request.path ?? "").drop { $0 != "?" }.dropFirst()
        let isPart = query.split(separator: "&").contains { $0.hasPrefix("partNumber=") }
        guard !isPart || forwarding.understood.call.wireProtocol != .s3 else {
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
        let canRepeat = try send(forwarding, body: body, relay: relay, with: credential)
        // What cannot be sent again is answered as AWS has answered it; the next call has the other credential.
        if let other = replacement(for: credential, forwarding, relay), canRepeat, !relay.hasBegun {
            gateway.parts.logger.notice("sent again", metadata: ["request_id": "\(requestID)"])
            relay.reset()
            _ = try send(forwarding, body: body, relay: relay, with: other)
        }
        try relay.finish()
    }

    /// Sends once; whether the same could be sent again.
    private func send(
        _ forwarding: Forwarding,
        body: IncomingBody,
        relay: ResponseRelay,
        with credentials: AWSCredentials
    ) throws(Rejection) -> Bool {
        let credential = Credential(credentials)
        let sent = try payload(of: forwarding, with: credential)
        let outgoing = try OutgoingPayload(sent, incoming: forwarding.incoming, body: body)
        var request = forwarding.understood.request
        request.headerFields = outgoing.adjusted(OutgoingFields.passed(request.headerFields))
        relay.window = try window(of: forwarding)
        if let window = relay.window { request.headerFields[.range] = window.widened }
        request.authority = forwarding.upstream.host
        request.path = forwarding.upstream.target
        // What AWS takes from everybody it gets without the gateway's name on it, as from an SDK.
        if !forwarding.understood.call.operation.traits.contains(.anonymous) {
            try sign(&request, for: forwarding.upstream, with: credential, payload: outgoing.mode)
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
        return outgoing.canRepeat
    }

    /// Another credential where AWS has not taken the first one, and so has done nothing.
    ///
    /// Nil where the answer says anything else, where no other credential is to be had, and for calls that are not signed.
    private func replacement(
        for stale: AWSCredentials,
        _ forwarding: Forwarding,
        _ relay: ResponseRelay
    ) -> AWSCredentials? {
        let traits = forwarding.understood.call.operation.traits
        guard let status = relay.status, (400..<500).contains(status), !traits.contains(.anonymous),
            let code = ErrorCode.read(relay, isObject: traits.contains(.streamingOutput)),
            AWSCredentials.isRefusal(code: code)
        else { return nil }
        var fields: Logger.Metadata = ["request_id": "\(requestID)", "code": "\(code)"]
        do throws(AWSCredentialsError) {
            let assertion = forwarding.caller.assertion
            let other = try gateway.parts.access.credentials(for: assertion, replacing: stale)
            guard other != stale else { return nil }
            gateway.parts.logger.notice("credential replaced", metadata: fields)
            return other
        } catch {
            fields["error"] = "\(error)"
            gateway.parts.logger.warning("credential not replaced", metadata: fields)
            return nil
        }
    }

    /// Signs for AWS.
    func sign(
        _ request: inout HTTPRequest,
        for upstream: UpstreamTarget,
        with credential: Credential,
        payload: PayloadMode
    ) throws(Rejection) {
        do throws(SignatureError) {
            try gateway.signer.sign(
                &request,
                with: credential,
                region: upstream.signingRegion,
                service: upstream.signingName,
                payload: payload,
                now: SigningTime(secondsSince1970: UnixTime.current().seconds)
            )
        } catch {
            throw Rejection(error)
        }
    }

    /// What the caller's calls are signed with.
    func credential(for assertion: IdentityAssertion) throws(Rejection) -> AWSCredentials {
        do throws(AWSCredentialsError) {
            return try gateway.parts.access.credentials(for: assertion)
        } catch {
            // It says which source failed and how; it never holds a credential.
            let fields: Logger.Metadata = ["request_id": "\(requestID)", "error": "\(error)"]
            gateway.parts.logger.warning("no credential for AWS", metadata: fields)
            if case .tagTooLong(let tag) = error {
                throw .invalid(
                    "ValidationException",
                    "What this session has as \(tag) is longer than AWS takes, and is not cut: the role cannot be assumed."
                )
            }
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
    /// - Parameter isObject: whether a successful answer is somebody's data, which may look like anything.
    static func read(_ relay: ResponseRelay, isObject: Bool) -> String? {
        guard let status = relay.status else { return nil }
        if let field = relay.field("x-amzn-errortype"), let code = field.split(separator: ":").first {
            return String(code)
        }
        // S3 says 200 before it knows, and puts the error into the body.
        let first = relay.opening.first { !(0x09...0x20).contains($0) }
        let mayHide = status == 200 && !isObject && first == UInt8(ascii: "<")
        guard status >= 400 || mayHide else { return nil }
        if status >= 400, relay.field("content-type")?.hasPrefix("application/cbor") ?? false {
            return code(inCBOR: relay.opening) ?? String(status)
        }
        let opening = String(decoding: relay.opening, as: UTF8.self)
        guard status >= 400 || opening.contains("<Error>") else { return nil }
        if let range = opening.firstRange(of: "<Code>") { return word(opening[range.upperBound...], until: "<") }
        if let range = opening.firstRange(of: "\"__type\"") {
            let value = opening[range.upperBound...].drop { "\": \t\r\n".contains($0) }
            return word(value, until: "\"").split(separator: "#").last.map(String.init)
        }
        return String(status)
    }

    /// The `__type` member of an error in CBOR (Smithy RPC v2 CBOR, operation error serialization): a short text string.
    static func code(inCBOR bytes: [UInt8]) -> String? {
        let key: [UInt8] = [0x66] + Array("__type".utf8)
        guard let found = bytes.firstRange(of: key) else { return nil }
        var rest = bytes[found.upperBound...]
        guard let head = rest.popFirst(), head & 0xE0 == 0x60 else { return nil }
        var length = Int(head & 0x1F)
        if length == 24 { length = rest.popFirst().map(Int.init) ?? 0 }
        guard (1...128).contains(length), rest.count >= length else { return nil }
        let name = String(decoding: rest.prefix(length), as: UTF8.self)
        return name.split(separator: "#").last.map(String.init)
    }

    private static func word(_ text: Substring, until end: Character) -> String {
        String(text.prefix { $0 != end }.prefix(128))
    }
}
