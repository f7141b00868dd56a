import Approvals
import Identity
import Logging
import Metrics
import Postgres

extension Console {
    /// The session of the browser's cookie; nil where it has none that holds.
    func session(of request: ConsoleRequest) throws(ApprovalError) -> ConsoleSession? {
        guard let token = request.cookies[SessionToken.cookieName].flatMap(SessionToken.init(cookie:)) else {
            return nil
        }
        return try database { () throws(PostgresError) in try sessions.find(token) }
    }

    /// Sends the browser to the provider, to come back to `target`.
    func beginLogin(target: Route, maximumAge: Int64? = nil, at now: UnixTime) -> ConsoleResponse {
        do throws(LoginError) {
            let beginning = try loginFlow.begin(target: target, maximumAge: maximumAge, at: now)
            var response = ConsoleResponse.redirect(to: beginning.location)
            response.setCookie(beginning.cookieName, beginning.cookieValue, seconds: LoginFlow.lifetime)
            return response
        } catch {
            metrics.logins.add([error.check])
            logger.warning("login not begun", metadata: ["check": "\(error.check)"])
            return pages.message(.loginFailed(error))
        }
    }

    /// Takes the provider's answer, and begins a new session.
    func finishLogin(_ request: ConsoleRequest, at now: UnixTime) throws(ApprovalError) -> ConsoleResponse {
        let id: Logger.MetadataValue = "\(request.requestID)"
        let login: LoginFlow.Login
        let token: SessionToken
        do throws(LoginError) {
            login = try loginFlow.finish(request.query, request.cookies, at: now)
            token = try SessionToken()
        } catch {
            metrics.logins.add([error.check])
            logger.notice("login refused", metadata: ["request_id": id, "check": "\(error.check)"])
            return pages.message(.loginFailed(error))
        }
        try database { () throws(PostgresError) in
            // The session that this browser may have had ends here: a new login is a new session.
            if let old = request.cookies[SessionToken.cookieName].flatMap(SessionToken.init(cookie:)) {
                try sessions.end(old)
            }
            try sessions.begin(login, token, from: request.remoteAddress)
        }
        metrics.logins.add(["accepted"])
        logger.info("logged in", metadata: ["request_id": id, "principal": "\(login.principal.name)"])
        var response = ConsoleResponse.redirect(to: pages.base + login.target.path)
        response.setCookie(SessionToken.cookieName, token.cookie, seconds: SessionStore.lifetime)
        response.setCookie(login.finishedCookie, "", seconds: 0)
        return response
    }

    /// Ends the session, in the database and in the browser.
    func logOut(_ request: ConsoleRequest, _ session: ConsoleSession) throws(ApprovalError) -> ConsoleResponse {
        guard session.token.accepts(formToken: request.form["token"], for: Route.logout.path) else {
            return pages.refusal(.foreign)
        }
        try database { () throws(PostgresError) in try sessions.end(session.token) }
        var response = ConsoleResponse.redirect(to: pages.base + Route.signedOut.path)
        response.setCookie(SessionToken.cookieName, "", seconds: 0)
        return response
    }

    /// Reads or writes what is the console's own; the store of approvals words its failures the same way.
    func database<Value>(_ body: () throws(PostgresError) -> Value) throws(ApprovalError) -> Value {
        do throws(PostgresError) {
            return try body()
        } catch {
            throw .unavailable(error)
        }
    }
}
