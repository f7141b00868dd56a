import AWSRequest
import Configuration
import HTTPTypes
import Identity
import OpenSSL
import Policy
import SigV4

/// A presigned URL in the form of a call: the source region's half of a copy between regions.
///
/// SDKs make it for the gateway's host with the agent's key (EC2 CopySnapshot, copies of RDS, Neptune and DocumentDB). It
/// is a call of its own: verified, recognised and judged like one, and made anew for AWS.
struct EmbeddedURL {
    /// The members that hold one, in EC2 and in RDS.
    static let members = ["PresignedUrl", "PreSignedUrl"]

    let url: EmbeddedPresignedURL
    let reading: Reading
    /// What else it could mean.
    let twins: [Reading]
    /// Seconds that the URL is valid.
    let expires: Int64

    var call: RecognisedCall { reading.call }
    var input: ParsedInput { reading.input }

    /// Verifies a URL under the key of the call that it is in; its life in seconds.
    static func life(
        of url: EmbeddedPresignedURL,
        keyID: String,
        secret: SecretBytes,
        now: SigningTime,
        allowedSkew: Int64
    ) throws(SignatureError) -> Int64 {
        guard let claim = try SignatureClaim.parse(url.request), case .presigned(let expires) = claim.form,
            claim.accessKeyID == keyID
        else { throw .missingAuthentication }
        _ = try claim.verify(secret: secret, bodyHash: SHA256.ofNothing, now: now, allowedSkew: allowedSkew)
        return expires
    }

    /// Recognises a URL's call, which must be the same operation as the one that it is in.
    ///
    /// - Parameter authority: the Host of the call. SDKs write the source region into the URL's host where the Host holds
    ///   the other one; the URL is made anew in any case.
    static func call(
        of url: EmbeddedPresignedURL,
        in outer: RecognisedCall,
        authority: String?,
        by recogniser: Recogniser
    ) throws(RecognitionError) -> RecognisedCall {
        var request = url.request
        request.authority = authority
        guard case .call(let call) = try recogniser.recognise(request, entrance: url.entrance),
            call.qualifiedName == outer.qualifiedName
        else { throw .conflict("the call and the URL in it") }
        return call
    }

    /// The decision that counts for a call and the URL in it.
    static func stricter(_ decision: Decision, _ other: Decision) -> Decision {
        switch (decision.outcome, other.outcome) {
        case (.deny, _), (.defaultDeny, _), (_, .allow), (.requireApproval, .requireApproval): decision
        default: other
        }
    }
}

extension CallHandler {
    /// The URL in a call's form, verified and understood; nil where there is none.
    func embeddedURL(
        in understood: UnderstoodCall,
        _ input: ParsedInput,
        caller: Caller
    ) throws(Rejection) -> EmbeddedURL? {
        guard let url = try read({ () throws(InputError) in try EmbeddedPresignedURL(in: understood.call, input) })
        else {
            return nil
        }
        let expires = try verify(url, caller: caller)
        let call = try recognise(url, in: understood)
        let inner = try read { () throws(InputError) in
            try gateway.parts.catalogue.parse(call, url.request, body: [])
        }
        let twins = try read { () throws(InputError) in
            try gateway.parts.catalogue.otherReadings(of: call, url.request, body: [])
        }
        return EmbeddedURL(url: url, reading: Reading(call, inner), twins: twins, expires: expires)
    }

    private func read<Part>(_ part: () throws(InputError) -> Part) throws(Rejection) -> Part {
        do throws(InputError) { return try part() } catch { throw Self.refused("it cannot be read: \(error)") }
    }

    private func verify(_ url: EmbeddedPresignedURL, caller: Caller) throws(Rejection) -> Int64 {
        do throws(SignatureError) {
            guard case .accessKey(let id) = caller.assertion.credential else { throw .missingAuthentication }
            return try EmbeddedURL.life(
                of: url,
                keyID: id.text,
                secret: secret(of: caller),
                now: SigningTime(secondsSince1970: caller.now.seconds),
                allowedSkew: Int64(gateway.parts.settings.clockSkew)
            )
        } catch {
            throw Self.refused("it must be signed with the key of the call (\(error.message))")
        }
    }

    private func recognise(_ url: EmbeddedPresignedURL, in outer: UnderstoodCall) throws(Rejection) -> RecognisedCall {
        do throws(RecognitionError) {
            return try EmbeddedURL.call(
                of: url,
                in: outer.call,
                authority: outer.request.authority,
                by: gateway.recogniser
            )
        } catch {
            throw Self.refused(error.description)
        }
    }

    private static func refused(_ reason: String) -> Rejection {
        .invalid("InvalidParameterValue", "The presigned URL in the call is refused: \(reason).")
    }

    /// The payload to send: with a URL in it that AWS takes from the gateway, in place of the agent's.
    func payload(of forwarding: Forwarding, with credential: Credential) throws(Rejection) -> UnderstoodCall.Payload {
        let payload = forwarding.understood.payload
        guard let embedded = forwarding.embedded, let form = payload.whole else { return payload }
        let target = try address(embedded.call, embedded.input)
        let request = HTTPRequest(method: .get, scheme: "https", authority: target.host, path: target.target)
        let signed: String
        do throws(SignatureError) {
            signed = try gateway.signer.presign(
                request,
                with: credential,
                region: target.signingRegion,
                service: target.signingName,
                expires: embedded.expires,
                now: SigningTime(secondsSince1970: UnixTime.current().seconds)
            )
        } catch {
            throw Rejection(error)
        }
        guard let bytes = embedded.url.replacing(with: "https://\(target.host)\(signed)", in: form) else {
            throw Self.refused("it is there more than once")
        }
        return .whole(bytes, SHA256.hash(bytes))
    }
}
