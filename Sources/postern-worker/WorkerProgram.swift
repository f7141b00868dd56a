import AWSRequest
import Approvals
import Audit
import Configuration
import Foundation
import Gateway
import HTTPClient
import Identity
import Locking
import Logging
import OpenSSL
import Policy

/// The running program: the gateway, and what keeps its policy, keys and revocations fresh.
final class WorkerProgram: Sendable {
    let gateway: Gateway
    /// As it was at the start, but for what `reload` replaces: roles and policy files.
    private let settings: Lock<Settings>
    private let access: UpstreamAccess
    private let audit: AuditWriter
    private let revocations: Revocations
    private let feed: RevocationFeed
    private let logger: Logger

    init(settings: Settings, logger: Logger) throws {
        self.settings = Lock(settings)
        self.logger = logger
        let policy = try Self.policy(settings)
        var limits = HTTPClient.Settings()
        limits.caFile = settings.upstream.caFile
        let client = try HTTPClient(settings: limits)
        let catalogue = try Catalogue.embedded()
        access = UpstreamAccess(settings: settings, catalogue: catalogue, client: client)
        audit = AuditWriter(try Self.auditSettings(settings, access: access))
        revocations = Revocations(staleAfter: Int64(settings.revocationsStaleAfter))
        feed = RevocationFeed(database: settings.database, user: "postern_worker", into: revocations) { event in
            switch event {
            case .known(let entries): logger.info("revocations known", metadata: ["entries": "\(entries)"])
            case .lost(let reason): logger.error("revocations not known", metadata: ["error": "\(reason)"])
            }
        }
        gateway = Gateway(
            Gateway.Parts(
                settings: settings,
                catalogue: catalogue,
                ring: try KeyRing(file: settings.keys.ring),
                revocations: revocations,
                policy: policy,
                masking: try MaskingProfiles.engines(settings.masking, catalogue: catalogue),
                audit: audit,
                approvals: ApprovalStore(settings.database, user: "postern_worker"),
                client: client,
                access: access,
                logger: logger
            )
        )
        gateway.recordPolicy(files: Self.owners(of: settings.policyFiles))
        watchFiles()
    }

    /// Reads the configuration's roles, its policy and the key ring again; what is wrong with one leaves all as it was.
    func reload(configuration file: String, environment: [String: String]) {
        do {
            var next = self.settings.withLock { $0 }
            let fresh = try Settings(file: file, environment: environment)
            (next.roles, next.policyFiles) = (fresh.roles, fresh.policyFiles)
            try replace(with: next, reason: "SIGHUP")
        } catch {
            refuse(error, reason: "SIGHUP")
        }
    }

    private func replace(with next: Settings, reason: String) throws {
        // Everything is read before anything is replaced.
        let ring = try KeyRing(file: next.keys.ring)
        let policy = try Self.policy(next)
        try gateway.replace(policy: policy, reason: reason, files: Self.owners(of: next.policyFiles))
        gateway.replace(ring: ring, reason: reason)
        access.replace(roles: next.roles)
        settings.withLock { $0 = next }
        logger.info("reloaded", metadata: ["why": "\(reason)"])
    }

    private func refuse(_ error: any Error, reason: String) {
        logger.error("not reloaded, the old state stays", metadata: ["why": "\(reason)", "error": "\(error)"])
        audit.append(
            event: EventRecord(.policyRefused, id: .make(), time: .now(), message: "\(reason): \(error)")
        )
    }

    /// Waits for the revocation list, without which no call is served: for a while, since refusing is an answer too.
    func awaitRevocations() {
        for _ in 0..<500 where !revocations.isKnown { usleep(10_000) }
    }

    /// Ends the audit chain in order.
    func stop() {
        feed.stop()
        audit.close()
    }

    /// Looks once a second whether a file that calls depend on has been replaced.
    private func watchFiles() {
        let thread = Thread { [self] in
            var marks = marks()
            while true {
                Thread.sleep(forTimeInterval: 1)
                let now = self.marks()
                // A file that is being written changes again: wait until it rests.
                guard now != marks else { continue }
                Thread.sleep(forTimeInterval: 0.2)
                guard self.marks() == now else { continue }
                marks = now
                do {
                    try replace(with: settings.withLock { $0 }, reason: "file changed")
                } catch {
                    refuse(error, reason: "file changed")
                }
            }
        }
        thread.name = "files"
        thread.start()
    }

    private func marks() -> [FileMark] {
        let settings = settings.withLock { $0 }
        return (settings.policyFiles + [settings.keys.ring]).map { FileMark($0) }
    }

    /// The policy, whose masking profiles must all be there.
    private static func policy(_ settings: Settings) throws -> PolicySet {
        let policy = try PolicySet(
            parsing: settings.policyFiles.map { PolicySource(name: $0, text: try Settings.text(ofFile: $0)) }
        )
        let missing = MaskingProfiles.missing(in: settings.masking.keys, policy: policy)
        guard missing.isEmpty else {
            throw ConfigurationErrors(
                mistakes: missing.map { ConfigurationMistake(file: settings.policyFiles[0], line: 0, message: $0) }
            )
        }
        return policy
    }

    /// `/etc/postern/policy.yaml (root), ...`: who owns a file is who could change it.
    private static func owners(of files: [String]) -> String {
        files.map { file in
            let owner = try? FileManager.default.attributesOfItem(atPath: file)[.ownerAccountName] as? String
            return "\(file) (\(owner ?? "owner unknown"))"
        }
        .joined(separator: ", ")
    }

    private static func auditSettings(
        _ settings: Settings,
        access: UpstreamAccess
    ) throws -> AuditWriter.Settings {
        var audit = AuditWriter.Settings(
            database: settings.database,
            user: "postern_worker",
            instance: "\(ProcessInfo.processInfo.hostName) worker \(ProcessInfo.processInfo.processIdentifier)"
        )
        audit.queueLimit = settings.audit.queue
        audit.deadline = .seconds(settings.audit.deadline)
        audit.checkpointInterval = .seconds(settings.audit.checkpointEvery)
        let pem = Array(try Settings.text(ofFile: settings.keys.checkpoint).utf8)
        audit.checkpointKey = try Ed25519.PrivateKey(pem: pem.span)
        audit.recordSinks = sinks(file: settings.audit.sinks.file, syslog: settings.audit.sinks.syslog)
            .map { AuditSink($0, limit: settings.audit.sinks.queue) }
        let export = settings.audit.checkpointExport
        audit.checkpointSinks = sinks(file: export.file, syslog: export.syslog).map { AuditSink($0) }
        if let bucket = export.bucket {
            var limits = HTTPClient.Settings()
            limits.caFile = settings.upstream.caFile
            limits.totalTimeout = 10_000
            limits.maxIdleHandles = 1
            let target = CheckpointBucket(
                bucket,
                server: settings.upstream.server,
                access: access,
                client: try HTTPClient(settings: limits)
            )
            audit.checkpointSinks.append(AuditSink(.upload(name: target.name, target.put)))
        }
        return audit
    }

    private static func sinks(file: String?, syslog: SyslogAddress?) -> [AuditSink.Destination] {
        [file.map { .file($0) }, syslog.map { .syslog($0) }].compactMap(\.self)
    }
}
