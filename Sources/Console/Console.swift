public import Configuration
public import FastCGI
import Foundation
public import Identity
public import Logging
import OpenSSL
import Postgres

/// The approvers' pages.
///
/// Any thread may call `answer`; calls block.
public final class Console: Sendable {
    private let basePath: String
    private let loginFlow: LoginFlow
    private let sessions: SessionStore
    private let pages: Pages
    private let logger: Logger

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
        basePath = url.path(percentEncoded: true)
        keys = IssuerKeys(issuer: issuer, fetch: fetch)
        loginFlow = LoginFlow(
            provider: Provider(
                issuer: issuer.url,
                clientID: console.clientID,
                clientSecret: try Self.secret(inFile: console.clientSecretFile),
                fetch: fetch
            ),
            verifier: TokenVerifier(issuers: [keys]),
            sealer: CookieSealer(ring: ring),
            clientID: console.clientID,
            redirectURI: console.url + "callback"
        )
        let pool = ConnectionPool(
            settings.database,
            user: "postern_console",
            applicationName: "postern console",
            size: max(2, console.listening.threads / 2)
        )
        sessions = SessionStore(pool: pool)
        pages = Pages(basePath: basePath)
        self.logger = logger
    }

    /// Answers one request.
    public func answer(_ exchange: Exchange) {
        let response = respond(exchange)
        // A client that has gone is nobody to tell.
        try? exchange.writeHead(status: response.status, fields: response.fields)
        try? exchange.write(response.body.span)
    }

    private func respond(_ exchange: Exchange) -> ConsoleResponse {
        let request: ConsoleRequest
        do throws(RequestError) {
            request = try ConsoleRequest(exchange.parameters, basePath: basePath) { limit throws(RequestError) in
                try exchange.body(upTo: limit)
            }
        } catch {
            return pages.refusal(error)
        }
        do throws(PostgresError) {
            return try respond(to: request, at: .current())
        } catch {
            logger.error("database", metadata: ["request_id": "\(request.requestID)", "error": "\(error)"])
            return pages.message(.unavailable)
        }
    }

    private func respond(to request: ConsoleRequest, at now: UnixTime) throws(PostgresError) -> ConsoleResponse {
        switch request.route {
        case .asset(let name): return Assets.all[name].map(ConsoleResponse.asset) ?? pages.refusal(.notFound)
        case .signedOut: return pages.message(.signedOut)
        case .callback: return try finishLogin(request, at: now)
        case .login: return beginLogin(target: .pending, at: now)
        case .logout, .pending, .pendingFragment: break
        }
        guard
            let session = try request.cookies[SessionToken.cookieName].flatMap(SessionToken.init(cookie:))
                .flatMap({ (token) throws(PostgresError) in try sessions.find(token) })
        else {
            guard request.route.isPage else { return pages.refusal(.foreign) }
            return beginLogin(target: request.route, at: now)
        }
        switch request.route {
        case .logout:
            guard session.token.accepts(formToken: request.form["token"], for: Route.logout.path) else {
                return pages.refusal(.foreign)
            }
            try sessions.end(session.token)
            var response = ConsoleResponse.redirect(to: basePath + Route.signedOut.path)
            response.setCookie(SessionToken.cookieName, "", seconds: 0)
            return response
        default: return pages.pending(session)
        }
    }

    private func beginLogin(target: Route, at now: UnixTime) -> ConsoleResponse {
        do throws(LoginError) {
            let beginning = try loginFlow.begin(target: target, at: now)
            var response = ConsoleResponse.redirect(to: beginning.location)
            response.setCookie(beginning.cookieName, beginning.cookieValue, seconds: LoginFlow.lifetime)
            return response
        } catch {
            logger.warning("login not begun", metadata: ["check": "\(error.check)"])
            return pages.message(.loginFailed(error))
        }
    }

    private func finishLogin(_ request: ConsoleRequest, at now: UnixTime) throws(PostgresError) -> ConsoleResponse {
        let id: Logger.MetadataValue = "\(request.requestID)"
        let login: LoginFlow.Login
        let token: SessionToken
        do throws(LoginError) {
            login = try loginFlow.finish(request.query, request.cookies, at: now)
            token = try SessionToken()
        } catch {
            logger.notice("login refused", metadata: ["request_id": id, "check": "\(error.check)"])
            return pages.message(.loginFailed(error))
        }
        // The session that this browser may have had ends here: a new login is a new session.
        if let old = request.cookies[SessionToken.cookieName].flatMap(SessionToken.init(cookie:)) {
            try sessions.end(old)
        }
        try sessions.begin(login, token, from: request.remoteAddress)
        logger.info("logged in", metadata: ["request_id": id, "principal": "\(login.principal.name)"])
        var response = ConsoleResponse.redirect(to: basePath + login.target.path)
        response.setCookie(SessionToken.cookieName, token.cookie, seconds: SessionStore.lifetime)
        response.setCookie(login.finishedCookie, "", seconds: 0)
        return response
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
