/// Answers AssumeRoleWithWebIdentity as STS does: an OIDC token for gateway credentials.
public struct STSFront: Sendable {
    /// Whether a principal may use a role; the program asks the role's trust condition.
    public typealias Trust = @Sendable (RoleARN, Principal) -> Bool

    /// How long sessions may last, in seconds.
    public struct Lifetimes: Sendable, Hashable {
        /// The least that a client may ask for, as at STS.
        public static let minimum: Int64 = 900
        /// When the client asks for nothing.
        public let standard: Int64
        /// The most that a client may ask for.
        public let maximum: Int64

        /// Takes `standard` and `maximum`, the latter held between `minimum` and 12 hours.
        public init(standard: Int64 = 3600, maximum: Int64 = 3600) {
            self.maximum = min(max(maximum, Self.minimum), 43_200)
            self.standard = min(max(standard, Self.minimum), self.maximum)
        }
    }

    /// One request at `/`.
    public struct Request: Sendable {
        /// The raw request target.
        public var target: String
        /// The Content-Type field.
        public var contentType: String
        /// The whole body.
        public var body: [UInt8]
        /// The values of X-Postern-Query fields.
        public var query: [String]
        /// The User-Agent field.
        public var userAgent: String
        /// The request's id, for the answer.
        public var requestID: String

        /// Makes a request.
        public init(
            target: String,
            contentType: String,
            body: [UInt8],
            query: [String] = [],
            userAgent: String = "",
            requestID: String
        ) {
            self.target = target
            self.contentType = contentType
            self.body = body
            self.query = query
            self.userAgent = userAgent
            self.requestID = requestID
        }
    }

    /// The answer and what to log about it.
    public struct Response: Sendable {
        /// The HTTP status.
        public let status: Int
        /// The document, `text/xml`; it holds the credentials if there are any.
        public let body: String
        /// The session that began, or why none did.
        public let outcome: Result<Session, STSError>
    }

    private let verifier: TokenVerifier
    private let sealer: SessionSealer
    private let revocations: Revocations
    private let roles: Set<RoleARN>
    private let trust: Trust
    private let lifetimes: Lifetimes

    /// Serves the given roles.
    public init(
        verifier: TokenVerifier,
        sealer: SessionSealer,
        revocations: Revocations,
        roles: some Sequence<RoleARN>,
        lifetimes: Lifetimes = Lifetimes(),
        trust: @escaping Trust
    ) {
        self.verifier = verifier
        self.sealer = sealer
        self.revocations = revocations
        self.roles = Set(roles)
        self.lifetimes = lifetimes
        self.trust = trust
    }

    /// Answers one request.
    public func respond(to request: Request, at now: UnixTime) -> Response {
        do throws(STSError) {
            let issued = try begin(request, now)
            let used = issued.session.principal.claims.entries.reduce(0) { sum, claim in
                sum + claim.name.utf8.count + claim.values.reduce(0) { $0 + $1.utf8.count + 1 }
            }
            let body = STSDocument.assumeRoleWithWebIdentity(
                issued,
                packedSize: min(100, (used * 100 + ClaimReader.maximumBytes - 1) / ClaimReader.maximumBytes),
                requestID: request.requestID
            )
            return Response(status: 200, body: body, outcome: .success(issued.session))
        } catch {
            let body = STSDocument.error(
                code: error.code,
                message: error.message,
                isSender: error.status < 500,
                requestID: request.requestID
            )
            return Response(status: error.status, body: body, outcome: .failure(error))
        }
    }

    private func begin(_ request: Request, _ now: UnixTime) throws(STSError) -> SessionSealer.IssuedCredentials {
        let call = try AssumeRoleWithWebIdentity(parsing: request)
        let lifetime = call.duration ?? lifetimes.standard
        guard (Lifetimes.minimum...lifetimes.maximum).contains(lifetime) else {
            throw .invalidParameter(
                "DurationSeconds must be between \(Lifetimes.minimum) and \(lifetimes.maximum) at this gateway."
            )
        }
        let principal: Principal
        do throws(TokenError) {
            principal = try verifier.verify(call.token, at: now)
        } catch {
            throw .token(error)
        }
        guard roles.contains(call.role), trust(call.role, principal) else { throw .notTrusted }
        do throws(SessionError) {
            let issued = try sealer.issue(
                principal: principal,
                role: call.role,
                name: call.sessionName,
                query: call.query,
                app: CallLabel(appInUserAgent: request.userAgent),
                at: now,
                lifetime: lifetime
            )
            // With a token from before a revocation nobody begins again.
            try revocations.check(issued.session, at: now)
            return issued
        } catch {
            throw .session(error)
        }
    }
}

/// The parameters of AssumeRoleWithWebIdentity, read strictly.
struct AssumeRoleWithWebIdentity {
    let role: RoleARN
    let sessionName: RoleSessionName
    let token: [UInt8]
    let duration: Int64?
    let query: CallLabel?

    init(parsing request: STSFront.Request) throws(STSError) {
        guard request.target == "/" else {
            throw .malformedForm("parameters belong into the body alone, the target must be /")
        }
        let type = request.contentType.split(separator: ";").first ?? ""
        guard type.trimmingSpaces().lowercased() == "application/x-www-form-urlencoded" else {
            throw .malformedForm("its content type must be application/x-www-form-urlencoded")
        }
        var form: [String: String]
        do throws(FormBody.Malformed) {
            form = try FormBody(parsing: request.body).parameters
        } catch {
            switch error {
            case .tooLarge: throw .malformedForm("it is larger than \(FormBody.maximumBytes) bytes")
            case .syntax: throw .malformedForm("it has a broken escape, an empty name or text that is not UTF-8")
            case .duplicate: throw .malformedForm("a parameter is in it twice")
            }
        }
        guard let action = form.removeValue(forKey: "Action") else { throw .missingAction }
        guard action == "AssumeRoleWithWebIdentity" else { throw .otherAction }
        guard form.removeValue(forKey: "Version") == "2011-06-15" else { throw .wrongVersion }
        guard let role = form.removeValue(forKey: "RoleArn").flatMap({ try? RoleARN(parsing: $0) }) else {
            throw .invalidParameter("RoleArn must be the ARN of a role: set AWS_ROLE_ARN.")
        }
        guard
            let name = form.removeValue(forKey: "RoleSessionName").flatMap({ try? RoleSessionName(parsing: $0) })
        else {
            throw .invalidParameter(
                "RoleSessionName must have 2 to 64 characters of [A-Za-z0-9_+=,.@-]: set AWS_ROLE_SESSION_NAME."
            )
        }
        guard let token = form.removeValue(forKey: "WebIdentityToken"), !token.isEmpty else {
            throw .invalidParameter("WebIdentityToken must be an OIDC token: set AWS_WEB_IDENTITY_TOKEN_FILE.")
        }
        var duration: Int64?
        if let text = form.removeValue(forKey: "DurationSeconds") {
            guard (1...6).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = Int64(text)
            else { throw .invalidParameter("DurationSeconds must be a number of seconds.") }
            duration = value
        }
        // A session policy that was ignored would leave the session wider than it was asked for.
        guard form.isEmpty else {
            throw .invalidParameter(
                "This gateway's AssumeRoleWithWebIdentity takes RoleArn, RoleSessionName, WebIdentityToken and "
                    + "DurationSeconds, no session policies and no ProviderId."
            )
        }
        self.role = role
        sessionName = name
        // White space at the ends of a token file is the shell's, not the issuer's.
        self.token = Array(token.trimmingSpaces().utf8)
        self.duration = duration
        query = try Self.query(request.query)
    }

    private static func query(_ values: [String]) throws(STSError) -> CallLabel? {
        guard let value = values.first else { return nil }
        guard values.count == 1, let label = try? CallLabel(parsing: value) else {
            throw .invalidParameter("X-Postern-Query must be there once, 1 to 128 characters of [A-Za-z0-9_.:/=+@,-].")
        }
        return label
    }
}

extension StringProtocol {
    /// The text without blanks, tabs and line ends at either end.
    func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
        let start = firstIndex { !isSpace($0) } ?? endIndex
        let end = self[start...].lastIndex { !isSpace($0) }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
