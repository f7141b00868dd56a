import AWSRequest
import Approvals
import Audit
import FastCGI
import HTTPClient
import Identity
import Masking
import SigV4

/// Why a call is not answered by AWS: the one place where errors of the modules become HTTP.
struct Rejection: Error {
    /// What kind of refusal it is, for the audit.
    enum Kind {
        /// A credential, signature or assertion did not hold.
        case authentication
        /// The request could not be understood.
        case invalid
        /// The policy says no.
        case denied
        /// A person has not said yes.
        case pending
        /// A limit was reached.
        case limited
        /// Something that is needed is out of reach; nothing was sent.
        case unavailable
        /// The upstream server did not answer as it should; the call may have been made.
        case upstream
    }

    let kind: Kind
    let status: Int
    /// AWS's code without the JSON protocols' suffix.
    let code: String
    let message: String
    var retryAfter: Int?

    init(_ kind: Kind, status: Int, code: String, _ message: String, retryAfter: Int? = nil) {
        self.kind = kind
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    static func invalid(_ code: String, _ message: String, status: Int = 400) -> Rejection {
        Rejection(.invalid, status: status, code: code, message)
    }

    static func unavailable(_ message: String) -> Rejection {
        Rejection(.unavailable, status: 503, code: "ServiceUnavailable", message, retryAfter: 1)
    }

    /// The code as the protocol's SDKs know it.
    func code(in wireProtocol: WireProtocol) -> String {
        switch (code, wireProtocol) {
        case ("AccessDenied", .json10), ("AccessDenied", .json11), ("AccessDenied", .restJSON), ("AccessDenied", .cbor):
            "AccessDeniedException"
        case ("AccessDenied", .ec2): "UnauthorizedOperation"
        case ("SignatureDoesNotMatch", .json10), ("SignatureDoesNotMatch", .json11),
            ("SignatureDoesNotMatch", .restJSON), ("SignatureDoesNotMatch", .cbor):
            "InvalidSignatureException"
        case ("InvalidClientTokenId", .json10), ("InvalidClientTokenId", .json11), ("InvalidClientTokenId", .restJSON),
            ("InvalidClientTokenId", .cbor):
            "UnrecognizedClientException"
        case ("InvalidClientTokenId", .s3): "InvalidAccessKeyId"
        case ("ServiceUnavailable", .json10), ("ServiceUnavailable", .json11), ("ServiceUnavailable", .restJSON),
            ("ServiceUnavailable", .cbor):
            "ServiceUnavailableException"
        case ("Throttling", .json10), ("Throttling", .json11), ("Throttling", .restJSON), ("Throttling", .cbor):
            "ThrottlingException"
        case ("Throttling", .s3): "SlowDown"
        default: code
        }
    }
}

extension Rejection {
    init(_ error: SignatureError) {
        let kind: Kind = error.status == 503 ? .unavailable : .authentication
        self.init(kind, status: error.status, code: error.code, error.message)
    }

    init(_ refusal: Refusal) {
        let message = "\(refusal.message) (\(refusal.check))"
        guard refusal.code != "ServiceUnavailable" else {
            self = .unavailable(message)
            return
        }
        self.init(.authentication, status: 403, code: refusal.code, message)
    }

    init(_ error: RecognitionError) {
        self.init(.invalid, status: 400, code: "UnknownOperationException", error.description)
    }

    init(_ error: InputError) {
        self =
            switch error {
            case .copySource:
                .invalid(
                    "InvalidArgument",
                    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey."
                )
            default: .invalid("SerializationException", "The request's input cannot be read: \(error).")
            }
    }

    init(_ error: EndpointError) {
        let message =
            switch error {
            case .noEndpoint(let service, let region): "\(service) has no endpoint in \(region) of the kind configured"
            case .customerEndpoint(let service):
                "\(service) answers at an endpoint of the customer's own: set the client's endpoint to "
                    + "https://GATEWAY\(CustomerEndpoints.pathPrefix)HOST, with a host that this gateway's operator lists"
            case .foreignEndpoint(let host): "\(host) is no endpoint that this gateway's operator lists for the call"
            case .hostLabel(let member): "\(member) is missing, or cannot be part of a host name"
            }
        self.init(.invalid, status: 400, code: "InvalidEndpointException", message)
    }

    init(_ error: FastCGIError) {
        self.init(.invalid, status: 400, code: "IncompleteBody", "The request body ended early (\(error)).")
    }

    init(_ error: AuditError) {
        switch error {
        case .grantRefused:
            self.init(
                .denied,
                status: 403,
                code: "AccessDenied",
                "The approval has been used or has expired; run the command again to ask anew."
            )
        default:
            self.init(
                .unavailable,
                status: 503,
                code: "ServiceUnavailable",
                "The audit trail cannot be written, so the call was not made. Try again.",
                retryAfter: 1
            )
        }
    }

    init(_ error: MaskingError) {
        let message =
            switch error {
            case .unreadable(let reason):
                "AWS's answer cannot be inspected for secrets (\(reason)); the profile denies it."
            default: "AWS's answer could not be inspected for secrets, so it is withheld."
            }
        self.init(.upstream, status: 502, code: "BadGateway", message)
    }

    init(_ error: HTTPClientError) {
        let (status, message) =
            switch error {
            case .timedOut: (504, "AWS did not answer in time; the call may have been made.")
            case .unreachable, .tls: (502, "AWS could not be reached; the call was not made.")
            default: (502, "The connection to AWS broke; the call may have been made.")
            }
        self.init(.upstream, status: status, code: status == 504 ? "GatewayTimeout" : "BadGateway", message)
    }
}
