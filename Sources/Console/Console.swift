import Approvals
public import Configuration
public import FastCGI
import Foundation
public import Identity
public import Logging
import Metrics
import OpenSSL
import Postgres

/// The approvers' pages.
///
/// Any thread may call `answer`; calls block.
public final class Console: Sendable {
    let pages: Pages
    let loginFlow: LoginFlow
    let sessions: SessionStore
    let approvals: ApprovalStore
    let audit: AuditReader
    let approverGroups: [String]
    /// Seconds since a person proved who he is, after which he does so again before he decides.
    let freshLogin: Int64
    let logger: Logger
    let metrics = ConsoleMetrics()
    let gauges: ConsoleGauges

    /// The issuer's keys as the provider's ID tokens need them; `refreshIfDue()` is to be called once a second.
    public let keys: IssuerKeys

    /// Puts the console together.
    ///
    /// - Throws: `ConsoleError` when the settings name what is not there.
    public init(settings: Settings, ring: KeyRing, fetch: @escaping Fetch, logger: Logger) throws(ConsoleError) {
        let console = settings.console
        guard var issuer = settings.issuers.first(where: { $0.url.text == console.issuer }) else {
            throw .issuerUnknown
        }
        guard let url = URL(string: console.url), !url.path(percentEncoded: true).isEmpty else { throw .urlMalformed }
        // ID tokens are for the console alone, access tokens for the gateway alone.
        issuer.audiences = [console.clientID]
        pages = Pages(base: url.path(percentEncoded: true))
        approverGroups = console.approverGroups
        freshLogin = Int64(console.freshLogin)
        keys = IssuerKeys(issuer: issuer, fetch: fetch)
        loginFlow = LoginFlow(
            provider: Provider(
                issuer,
                clientID: console.clientID,
                clientSecret: try Self.secret(inFile: console.clientSecretFile),
                fetch: fetch
            ),
            verifier: TokenVerifier(issuers: [keys]),
            sealer: CookieSealer(ring: ring),
            clientID: console.clientID,
            redirectURI: console.url + "callback"
        )
        let (user, connections) = ("postern_console", max(2, console.listening.threads / 2))
        let pool = ConnectionPool(
            settings.database,
            user: user,
            applicationName: "postern console",
            size: connections
        )
        sessions = SessionStore(pool: pool)
        audit = AuditReader(pool: pool)
        gauges = ConsoleGauges(pool: pool)
        approvals = ApprovalStore(settings.database, user: user, connections: connections, isListening: false)
        self.logger = logger
    }

    /// Answers one request.
    public func answer(_ exchange: Exchange) {
        guard exchange.parameters.text("POSTERN_ROUTE") != "metrics" else {
            answerMetrics(exchange)
            return
        }
        let response = respond(exchange)
        metrics.requests.add([String(response.status)])
        // A client that has gone is nobody to tell.
        try? exchange.writeHead(status: response.status, fields: response.fields)
        try? exchange.write(response.body.span)
    }

    private func respond(_ exchange: Exchange) -> ConsoleResponse {
        let request: ConsoleRequest
        do throws(RequestError) {
            request = try ConsoleRequest(exchange.parameters, basePath: pages.base) { limit throws(RequestError) in
                try exchange.body(upTo: limit)
            }
        } catch {
            return pages.refusal(error)
        }
        do throws(ApprovalError) {
            return try respond(to: request, at: .current())
        } catch {
            logger.error("database", metadata: ["request_id": "\(request.requestID)", "error": "\(error)"])
            return pages.message(.unavailable)
        }
    }

    /// Answers a request that has been read.
    func respond(to request: ConsoleRequest, at now: UnixTime) throws(ApprovalError) -> ConsoleResponse {
        switch request.route {
        case .asset(let name): return Assets.all[name].map(ConsoleResponse.asset) ?? pages.refusal(.notFound)
        case .signedOut: return pages.message(.signedOut)
        case .callback: return try finishLogin(request, at: now)
        case .login: return beginLogin(target: .pending, at: now)
        default: break
        }
        guard let session = try session(of: request) else {
            guard request.route.isPage, request.method == .get else { return pages.refusal(.foreign) }
            return beginLogin(target: request.route, at: now)
        }
        let viewer = Viewer(session: session, approverGroups: approverGroups)
        switch (request.route, request.method) {
        case (.pending, _): return try pendingPage(viewer, at: now)
        case (.pendingList, _): return try pendingList(viewer, at: now)
        case (.approval(let id), .get): return try approvalPage(id, viewer, at: now)
        case (.approval(let id), .post): return try decide(id, request, viewer, at: now)
        case (.approvalState(let id), _): return try approvalState(id, viewer, at: now)
        case (.history, _): return try historyPage(request, viewer, at: now)
        case (.calls, _): return try callsPage(request, viewer, at: now)
        case (.call(let id), _): return try callPage(id, viewer, at: now)
        case (.logout, _): return try logOut(request, session)
        case (.login, _), (.callback, _), (.signedOut, _), (.asset, _): return pages.refusal(.notFound)
        }
    }

    private static func secret(inFile path: String?) throws(ConsoleError) -> SecretBytes? {
        guard let path else { return nil }
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096,
            let text = String(validating: data, as: UTF8.self)
        else { throw .secretUnreadable(path) }
        let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty else { throw .secretUnreadable(path) }
        return SecretBytes(utf8: secret)
    }
}

/// Why a console cannot be made.
public enum ConsoleError: Error, Equatable {
    /// `console.issuer` is none of the issuers.
    case issuerUnknown
    /// `console.url` is no URL with a path.
    case urlMalformed
    /// The file of the client's secret cannot be read, or is empty.
    case secretUnreadable(String)
}

extension Exchange {
    /// The whole body, and one byte more than `limit` of a longer one.
    fileprivate func body(upTo limit: Int) throws(RequestError) -> [UInt8] {
        var body: [UInt8] = []
        do throws(FastCGIError) {
            while body.count <= limit {
                guard try read(upTo: min(16_384, limit + 1 - body.count), into: &body) > 0 else { break }
            }
            return body
        } catch {
            throw .malformed
        }
    }
}
