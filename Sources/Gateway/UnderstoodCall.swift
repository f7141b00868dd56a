import Audit
import Configuration
import AWSRequest
import FastCGI
import HTTPTypes
import Identity
import OpenSSL
import SigV4

/// A call whose signature holds and whose operation is known.
struct UnderstoodCall {
    /// Its payload.
    enum Payload {
        /// Read whole and hashed.
        case whole([UInt8], SHA256Digest)
        /// Still with the client; to be checked against the hash, if any, as it passes.
        case streamed(hash: SHA256Digest?)
        /// Still with the client, as aws-chunked.
        case chunked(VerifiedSignature)

        /// The bytes, where they have been read.
        var whole: [UInt8]? {
            if case .whole(let bytes, _) = self { bytes } else { nil }
        }
    }

    let call: RecognisedCall
    /// The request as the client sent it; for bearer URLs with the target that AWS has.
    let request: HTTPRequest
    let payload: Payload
    /// The customer's own endpoint that the request's path named.
    var endpoint: CustomerEndpoint?
}

extension CallHandler {
    /// Steps 2 and 3: which operation, and is the signature good? Reads the body where either needs it.
    func understand(
        _ incoming: IncomingRequest,
        caller: Caller,
        body: IncomingBody
    ) throws(Rejection) -> UnderstoodCall {
        var request = incoming.request
        let seen: HTTPRequest
        var endpoint: CustomerEndpoint?
        let entrance: Entrance
        switch caller.proof {
        case .signature(let claim):
            request = claim.request
            if let named = try namedEndpoint(in: request.path ?? "") {
                request.path = named.target
                endpoint = named.endpoint
            }
            seen = request
            entrance = .signed(region: claim.scope.region, service: claim.scope.service)
        case .bearer:
            guard let target = BearerTarget(parsing: request.path ?? "") else {
                throw .invalid(
                    "InvalidRequest",
                    "With a bearer token, call https://HOST\(BearerTarget.prefix)REGION/SERVICE/PATH."
                )
            }
            entrance = .bearer(region: target.region, service: target.service)
            request.headerFields = Self.namedAsModelled(request.headerFields)
            seen = request
            request.path = target.target
        }
        var whole: [UInt8]?
        let call: RecognisedCall
        switch try recognise(seen, entrance) {
        case .call(let recognised): call = recognised
        case .needsBody:
            let bytes = try body.whole(reason: "calls that are told by their body")
            whole = bytes
            call = try recognise(seen, entrance, bytes)
        }
        recognisedProtocol = call.wireProtocol
        audited.operation = call.qualifiedName
        if whole == nil, needsWholeBody(call, caller.proof) {
            whole = try body.whole(reason: call.qualifiedName)
        }
        let digest = whole.map { SHA256.hash($0) }
        audited.bodySHA256 = digest
        let payload = try verify(caller, call: call, whole: whole, digest: digest)
        return UnderstoodCall(call: call, request: request, payload: payload, endpoint: endpoint)
    }

    private func recognise(_ request: HTTPRequest, _ entrance: Entrance) throws(Rejection) -> Recognition {
        do throws(RecognitionError) {
            return try gateway.recogniser.recognise(request, entrance: entrance)
        } catch {
            throw Rejection(error)
        }
    }

    private func recognise(
        _ request: HTTPRequest,
        _ entrance: Entrance,
        _ body: [UInt8]
    ) throws(Rejection) -> RecognisedCall {
        do throws(RecognitionError) {
            return try gateway.recogniser.recognise(request, entrance: entrance, body: body)
        } catch {
            throw Rejection(error)
        }
    }

    /// No signature tells which names had an underscore: AWS's models have one (sso).
    private static func namedAsModelled(_ fields: HTTPFields) -> HTTPFields {
        guard let cgi = HTTPField.Name("x-amz-sso-bearer-token"), fields.contains(cgi),
            let modelled = HTTPField.Name("x-amz-sso_bearer_token")
        else { return fields }
        var named = HTTPFields()
        for field in fields {
            named.append(HTTPField(name: field.name == cgi ? modelled : field.name, value: field.value))
        }
        return named
    }

    /// Everything but a blob whose hash is stated or not signed at all is read before it is judged.
    private func needsWholeBody(_ call: RecognisedCall, _ proof: Caller.Proof) -> Bool {
        guard call.bodyNeed == .streaming else { return true }
        guard case .signature(let claim) = proof else { return false }
        return claim.payload == .absent
    }

    /// The secret access key of the caller's key id; postern-auth has opened the session token under it, so it exists.
    func secret(of caller: Caller) -> SecretBytes {
        guard case .accessKey(let id) = caller.assertion.credential,
            let secret = try? SessionSealer(ring: gateway.ring.current).secret(for: id, at: caller.now)
        else { return gateway.dummySecret }
        return secret
    }

    private func verify(
        _ caller: Caller,
        call: RecognisedCall,
        whole: [UInt8]?,
        digest: SHA256Digest?
    ) throws(Rejection) -> UnderstoodCall.Payload {
        guard case .signature(let claim) = caller.proof else {
            if let whole, let digest { return .whole(whole, digest) }
            return .streamed(hash: nil)
        }
        let now = SigningTime(secondsSince1970: caller.now.seconds)
        let verified: VerifiedSignature
        do throws(SignatureError) {
            verified = try claim.verify(
                secret: secret(of: caller),
                bodyHash: digest,
                now: now,
                allowedSkew: Int64(gateway.parts.settings.clockSkew),
                allowsUnsignedPayload: call.operation.traits.contains(.unsignedBody)
            )
            if call.isMutating { try gateway.replays.admit(verified, now: now) }
        } catch {
            throw Rejection(error)
        }
        switch verified.body {
        case .verified:
            guard let whole, let digest else { return .streamed(hash: nil) }
            return .whole(whole, digest)
        case .mustHash(let hash): return .streamed(hash: hash)
        case .unsigned:
            if let whole, let digest { return .whole(whole, digest) }
            return .streamed(hash: nil)
        case .chunked:
            guard whole == nil else {
                throw .invalid("InvalidRequest", "\(call.qualifiedName) does not take an aws-chunked body.")
            }
            return .chunked(verified)
        }
    }
}

extension CallHandler {
    /// Reads a payload whole that nobody has hashed yet, so that an approval can be bound to it.
    func hashed(_ understood: UnderstoodCall, body: IncomingBody) throws(Rejection) -> UnderstoodCall {
        if case .streamed(hash: .some) = understood.payload { return understood }
        return try whole(understood, body: body, reason: "calls that need approval")
    }

    /// Reads a payload whole that is still with the client.
    func whole(_ understood: UnderstoodCall, body: IncomingBody, reason: String) throws(Rejection) -> UnderstoodCall {
        var request = understood.request
        let bytes: [UInt8]
        switch understood.payload {
        case .whole: return understood
        case .streamed(let hash):
            bytes = try body.whole(reason: reason)
            if let hash, SHA256.hash(bytes) != hash { throw Rejection(SignatureError.contentHashMismatch) }
        case .chunked(let verified):
            let raw = try body.whole(reason: reason)
            let trailers: [Trailer]
            (bytes, trailers) = try Self.unpacked(raw, verified)
            request.headerFields = OutgoingPayload.unframed(request.headerFields)
            // The trailing checksum goes on as the header that S3 takes as well.
            for trailer in trailers {
                guard let name = HTTPField.Name(trailer.name) else { continue }
                request.headerFields[name] = trailer.value
            }
        }
        let digest = SHA256.hash(bytes)
        audited.bodySHA256 = digest
        return UnderstoodCall(
            call: understood.call,
            request: request,
            payload: .whole(bytes, digest),
            endpoint: understood.endpoint
        )
    }

    private static func unpacked(
        _ raw: [UInt8],
        _ verified: VerifiedSignature
    ) throws(Rejection) -> ([UInt8], [Trailer]) {
        var bytes: [UInt8] = []
        do throws(SignatureError) {
            var decoder = try ChunkedBodyDecoder(verified)
            try decoder.decode(raw.span, into: &bytes)
            return (bytes, try decoder.finish())
        } catch {
            throw Rejection(error)
        }
    }
}
