import Configuration
import FastCGI
import Foundation
import HTTPClient
import Identity
import Locking
import Logging
import Metrics
import Policy

/// The running program: the service in force, and the threads that keep keys and revocations fresh.
final class AuthProgram: Sendable {
    /// What a configuration makes, replaced as a whole.
    private struct Parts: Sendable {
        let settings: Settings
        let issuers: [IssuerKeys]
        let service: AuthService
        /// The ring's file as it was when it was read.
        let ringFile: FileMark
    }

    private let parts: Lock<Parts>
    private let revocations: Revocations
    private let logger: Logger
    private let feed = Lock<RevocationFeed?>(nil)
    private let metrics = AuthMetrics()

    init(settings: Settings, logger: Logger) throws {
        revocations = Revocations(staleAfter: Int64(settings.revocationsStaleAfter))
        self.logger = logger
        parts = Lock(try Self.makeParts(settings, revocations, keeping: []))
    }

    /// Starts the threads; none of them ends before the program does.
    func startBackground(database: String) {
        let (issuers, logger) = (parts.withLock(\.issuers), logger)
        for keys in issuers { refresh(keys) }
        let running = RevocationFeed(database: database, user: "postern_auth", into: revocations) { event in
            switch event {
            case .known(let entries): logger.info("revocations known", metadata: ["entries": "\(entries)"])
            case .lost(let reason): logger.error("revocations not known", metadata: ["error": "\(reason)"])
            }
        }
        feed.withLock { $0 = running }
        Thread.detachNewThread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 1)
                let (settings, mark) = parts.withLock { ($0.settings, $0.ringFile) }
                if FileMark(settings.keys.ring) != mark { replace(with: settings, why: "key ring replaced") }
            }
        }
    }

    /// Waits for the revocation list, without which nobody is let in: for a while, since refusing is an answer too.
    func awaitRevocations() {
        for _ in 0..<500 where !revocations.isKnown { usleep(10_000) }
    }

    /// Reads the configuration and the key ring again; what is wrong with them leaves all as it was.
    func reload(configuration file: String, environment: [String: String]) {
        do {
            replace(with: try Settings(file: file, environment: environment), why: "configuration read")
        } catch {
            logger.error("configuration refused, the old one stays", metadata: ["error": "\(error)"])
        }
    }

    /// Answers one request.
    func answer(_ exchange: Exchange) {
        guard exchange.parameters.text("POSTERN_ROUTE") != "metrics" else {
            exchange.answer(contentType: MetricsPage.contentType, text: page(exchange.occupancy))
            return
        }
        let service = parts.withLock(\.service)
        let request = AuthService.Request(exchange.parameters)
        if exchange.parameters.text("POSTERN_ROUTE") == "auth" { exchange.closeAtOnce() }
        let reply = service.reply(to: request, body: { exchange.body(upTo: AuthService.maximumBody) }, at: .current())
        metrics.count(reply.event, route: request.route, at: .current())
        log(reply.event, request)
        // A client that has gone is nobody to tell.
        try? exchange.writeHead(status: reply.status, fields: reply.fields)
        try? exchange.write(Array(reply.body.utf8).span)
    }

    private func page(_ occupancy: Occupancy) -> String {
        metrics.page(
            issuers: parts.withLock(\.issuers),
            revocations: revocations.age(at: .current()),
            occupancy: occupancy,
            at: .current()
        )
    }

    private func log(_ event: AuthService.Event?, _ request: AuthService.Request) {
        switch event {
        case .began(let session):
            logger.info(
                "session began",
                metadata: [
                    "request_id": "\(request.requestID)", "session": "\(session.id)",
                    "principal": "\(session.principal.name)", "role": "\(session.role)",
                    "expires": "\(session.expires)",
                ]
            )
        case .refused(let check):
            logger.info("refused", metadata: ["request_id": "\(request.requestID)", "check": "\(check)"])
        case nil: break
        }
    }

    private func replace(with settings: Settings, why: String) {
        let known = parts.withLock(\.issuers)
        do {
            let fresh = try Self.makeParts(settings, revocations, keeping: known)
            parts.withLock { $0 = fresh }
            for keys in fresh.issuers where !known.contains(where: { $0 === keys }) { refresh(keys) }
            logger.info("reloaded", metadata: ["why": "\(why)"])
        } catch {
            logger.error("not reloaded, the old state stays", metadata: ["why": "\(why)", "error": "\(error)"])
        }
    }

    /// Keeps one issuer's keys fresh for as long as some service uses them.
    private func refresh(_ keys: IssuerKeys) {
        let (logger, metrics) = (logger, metrics)
        Thread.detachNewThread { [weak keys] in
            while let current = keys {
                let issuer: Logger.MetadataValue = "\(current.issuer.url)"
                switch current.refreshIfDue() {
                case .refreshed?:
                    metrics.fetches.add([current.issuer.url.text, "fetched"])
                    logger.info("issuer's keys fetched", metadata: ["issuer": issuer])
                case .failed(let error)?:
                    metrics.fetches.add([current.issuer.url.text, "failed"])
                    logger.warning("issuer's keys not fetched", metadata: ["issuer": issuer, "error": "\(error)"])
                case nil: break
                }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }

    private static func makeParts(
        _ settings: Settings,
        _ revocations: Revocations,
        keeping known: [IssuerKeys]
    ) throws -> Parts {
        // Looked at first: a change while it is read is noticed.
        let mark = FileMark(settings.keys.ring)
        let ring = try KeyRing(file: settings.keys.ring)
        let issuers = try settings.issuers.map { issuer in
            try known.first { $0.issuer == issuer }
                ?? IssuerKeys(issuer: issuer, fetch: HTTPClient.makeFetch(for: issuer))
        }
        let conditions = Dictionary(settings.roles.map { ($0.arn, $0.trust) }, uniquingKeysWith: { first, _ in first })
        let trust: STSFront.Trust = { role, principal in
            var values = principal.conditionValues
            values["postern:Role"] = [role.text]
            return conditions[role]?.matches(PolicyContext(values)) ?? false
        }
        let verifier = TokenVerifier(issuers: issuers)
        let sealer = SessionSealer(ring: ring)
        let roles = settings.roles.map(\.arn)
        let lifetime = Int64(settings.sessionLifetime)
        let service = AuthService(
            authenticator: RequestAuthenticator(
                verifier: verifier,
                sealer: sealer,
                revocations: revocations,
                roles: roles,
                trust: trust
            ),
            front: STSFront(
                verifier: verifier,
                sealer: sealer,
                revocations: revocations,
                roles: roles,
                lifetimes: STSFront.Lifetimes(standard: min(3600, lifetime), maximum: lifetime),
                trust: trust
            ),
            ring: ring
        )
        return Parts(settings: settings, issuers: issuers, service: service, ringFile: mark)
    }
}
