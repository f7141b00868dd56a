/// What postern-auth answers to nginx: who makes a request, and the STS front.
public struct AuthService: Sendable {
    /// The largest body of the STS front, in bytes.
    public static let maximumBody = FormBody.maximumBytes

    /// A request as it came through nginx; where a field came several times, each value is there.
    public struct Request: Sendable {
        /// Which of nginx's routes: `auth` or `sts`.
        public var route: String
        /// The raw request target.
        public var target: String
        /// The Content-Type field.
        public var contentType: String
        /// nginx's id of the request.
        public var requestID: String
        /// The values of Authorization fields.
        public var authorization: [String]
        /// The values of X-Amz-Security-Token fields.
        public var securityToken: [String]
        /// The values of X-Postern-Role fields.
        public var role: [String]
        /// The values of X-Postern-Query fields.
        public var query: [String]
        /// The User-Agent field.
        public var userAgent: String

        /// Makes a request.
        public init(
            route: String,
            target: String,
            contentType: String = "",
            requestID: String = "",
            authorization: [String] = [],
            securityToken: [String] = [],
            role: [String] = [],
            query: [String] = [],
            userAgent: String = ""
        ) {
            self.route = route
            self.target = target
            self.contentType = contentType
            self.requestID = requestID
            self.authorization = authorization
            self.securityToken = securityToken
            self.role = role
            self.query = query
            self.userAgent = userAgent
        }
    }

    /// The answer, and what to log about it.
    public struct Reply: Sendable {
        /// The HTTP status.
        public let status: Int
        /// Header fields.
        public let fields: [(name: String, value: String)]
        /// The body; empty for none.
        public let body: String
        /// What happened, if it is worth a line.
        public let event: Event?
    }

    /// What is worth a line in the log.
    public enum Event: Sendable, Hashable {
        /// A session began.
        case began(Session)
        /// A request was refused: the check that failed.
        case refused(check: String)
    }

    private let authenticator: RequestAuthenticator
    private let front: STSFront
    private let ring: KeyRing

    /// Puts the parts together; `ring` seals the assertions.
    public init(authenticator: RequestAuthenticator, front: STSFront, ring: KeyRing) {
        self.authenticator = authenticator
        self.front = front
        self.ring = ring
    }

    /// Answers a request; `body` is read for the STS front alone.
    public func reply(to request: Request, body: () -> [UInt8], at now: UnixTime) -> Reply {
        switch request.route {
        case "auth": authenticate(request, now)
        case "sts": begin(request, body(), now)
        default: Reply(status: 404, fields: [], body: "", event: nil)
        }
    }

    private func authenticate(_ request: Request, _ now: UnixTime) -> Reply {
        let presented = CredentialRequest(
            target: request.target,
            authorization: request.authorization,
            securityToken: request.securityToken,
            role: request.role,
            query: request.query,
            userAgent: request.userAgent
        )
        let refusal: Refusal
        switch authenticator.authenticate(presented, at: now) {
        case .identified(let assertion):
            do throws(SessionError) {
                let sealed = try assertion.sealed(by: ring, at: now)
                return Reply(status: 204, fields: [("X-Postern-Identity", sealed)], body: "", event: nil)
            } catch {
                refusal = .session(error)
            }
        case .anonymous: refusal = .credential(.missing)
        case .refused(let reason): refusal = reason
        }
        // nginx knows 401 and 403 as refusals; anything else would be its own error.
        return Reply(
            status: 403,
            fields: [("X-Postern-Refusal", refusal.headerValue)],
            body: "",
            event: .refused(check: refusal.check)
        )
    }

    private func begin(_ request: Request, _ body: [UInt8], _ now: UnixTime) -> Reply {
        let response = front.respond(
            to: STSFront.Request(
                target: request.target,
                contentType: request.contentType,
                body: body,
                query: request.query,
                userAgent: request.userAgent,
                requestID: request.requestID
            ),
            at: now
        )
        let event: Event =
            switch response.outcome {
            case .success(let session): .began(session)
            case .failure(let error): .refused(check: error.check)
            }
        return Reply(
            status: response.status,
            fields: [
                ("Content-Type", "text/xml"), ("Cache-Control", "no-store"),
                ("x-amzn-RequestId", request.requestID),
            ],
            body: response.body,
            event: event
        )
    }
}
