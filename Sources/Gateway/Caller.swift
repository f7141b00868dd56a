import AWSRequest
import FastCGI
import HTTPTypes
import Identity
import OpenSSL
import SigV4

/// Who makes a call, and what the request itself shows for it.
struct Caller {
    /// What the request presents.
    enum Proof {
        /// A signature, still to be verified.
        case signature(SignatureClaim)
        /// A bearer token, which postern-auth verified; region and service stand in the URL of a call.
        case bearer
    }

    let assertion: IdentityAssertion
    let proof: Proof
    let now: UnixTime
    /// The session's own key for fingerprints of masked values: the same secret looks different to every session.
    let fingerprintKey: [UInt8]

    /// Checks postern-auth's assertion against the credential that this very request carries.
    init(_ incoming: IncomingRequest, _ parameters: ParameterList, gateway: Gateway) throws(Rejection) {
        now = .current()
        guard let sealed = parameters.single("POSTERN_IDENTITY"), !sealed.isEmpty else {
            throw Rejection(Refusal.credential(.missing))
        }
        let presented = try Self.presented(by: incoming.request)
        guard let credential = presented.asserted else { throw Rejection(Refusal.credential(.missing)) }
        proof = try Self.proof(presented, of: incoming.request)
        let ring = gateway.ring.current
        do throws(AssertionError) {
            assertion = try IdentityAssertion(verifying: sealed, ring: ring, presented: credential, at: now)
        } catch {
            throw Rejection(
                .authentication,
                status: 403,
                code: "AccessDenied",
                "The gateway's own identity check did not hold (assertion-\(error)); tell its operator."
            )
        }
        do throws(SessionError) {
            try gateway.parts.revocations.check(assertion.session, at: now)
        } catch {
            throw Rejection(Refusal.session(error))
        }
        guard let key = try? ring.activeKey(at: now) else { throw .unavailable("The key ring has no active key.") }
        let message = Array(assertion.session.id.text.utf8)
        fingerprintKey = HMACSHA256.authenticate(key: key.subkey(.maskingFingerprint), message: message.span).bytes
    }

    private static func presented(by request: HTTPRequest) throws(Rejection) -> PresentedCredential {
        let credentials = CredentialRequest(
            target: request.path ?? "",
            authorization: request.headerFields[values: .authorization],
            securityToken: HTTPField.Name("x-amz-security-token").map { request.headerFields[values: $0] } ?? []
        )
        do throws(CredentialError) {
            return try PresentedCredential(reading: credentials)
        } catch {
            throw Rejection(Refusal.credential(error))
        }
    }

    private static func proof(_ presented: PresentedCredential, of request: HTTPRequest) throws(Rejection) -> Proof {
        switch presented {
        case .none: throw Rejection(Refusal.credential(.missing))
        case .signature:
            do throws(SignatureError) {
                guard let claim = try SignatureClaim.parse(request, namesAreFromCGI: true) else {
                    throw .missingAuthentication
                }
                return .signature(claim)
            } catch {
                throw Rejection(error)
            }
        case .bearer: return .bearer
        }
    }
}
