import AWSRequest
import Configuration
import HTTPTypes
import Identity
import OpenSSL
import SigV4

/// A presigned URL in the form of a call: the source region's half of a copy between regions.
///
/// SDKs make it for the gateway's host with the agent's key (EC2 CopySnapshot, copies of RDS, Neptune and DocumentDB). It
/// is a call of its own: verified, recognised and judged like one, and made anew for AWS.
struct EmbeddedURL {
    /// The members that hold one, in EC2 and in RDS.
    static let members = ["PresignedUrl", "PreSignedUrl"]

    let url: EmbeddedPresignedURL
    let call: RecognisedCall
    let input: ParsedInput
    /// Seconds that the URL is valid.
    let expires: Int64
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
        return EmbeddedURL(url: url, call: call, input: inner, expires: expires)
    }

    private func read<Part>(_ part: () throws(InputError) -> Part) throws(Rejection) -> Part {
        do throws(InputError) { return try part() } catch { throw Self.refused("it cannot be read: \(error)") }
    }

    /// Verifies the URL under the key of the call that it is in; its life in seconds.
    private func verify(_ url: EmbeddedPresignedURL, caller: Caller) throws(Rejection) -> Int64 {
        do throws(SignatureError) {
            guard case .accessKey(let id) = caller.assertion.credential,
                let claim = try SignatureClaim.parse(url.request), case .presigned(let expires) = claim.form,
                claim.accessKeyID == id.text
            else { throw .missingAuthentication }
            _ = try claim.verify(
                secret: secret(of: caller),
                bodyHash: SHA256.ofNothing,
                now: SigningTime(secondsSince1970: caller.now.seconds),
                allowedSkew: Int64(gateway.parts.settings.clockSkew)
            )
            return expires
        } catch {
            throw Self.refused("it must be signed with the key of the call (\(error.message))")
        }
    }

    /// Recognises the URL's call, which must be the same operation as the one that it is in.
    private func recognise(_ url: EmbeddedPresignedURL, in outer: UnderstoodCall) throws(Rejection) -> RecognisedCall {
        var request = url.request
        // SDKs write the source region into the host where that holds the other one; the URL is made anew in any case.
        request.authority = outer.request.authority
        do throws(RecognitionError) {
            guard case .call(let call) = try gateway.recogniser.recognise(request, entrance: url.entrance),
                call.qualifiedName == outer.call.qualifiedName
            else { throw .conflict("the call and the URL in it") }
            return call
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
