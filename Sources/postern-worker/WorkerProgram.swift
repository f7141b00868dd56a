import AWSRequest
import Approvals
import Audit
import Configuration
import Foundation
import Gateway
import HTTPClient
import Identity
import Logging
import OpenSSL
import Policy

/// The running program: the gateway, and what keeps its policy, keys and revocations fresh.
final class WorkerProgram: Sendable {
    let gateway: Gateway
    private let settings: Settings
    private let audit: AuditWriter
    private let revocations: Revocations
    private let feed: RevocationFeed
    private let logger: Logger

    init(settings: Settings, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        let policy = try Self.policy(settings)
        var limits = HTTPClient.Settings()
        limits.caFile = settings.upstream.caFile
        let client = try HTTPClient(settings: limits)
        let access = UpstreamAccess(settings: settings, client: client)
        audit = AuditWriter(try Self.auditSettings(settings, access: access))
        revocations = Revocations(staleAfter: Int64(settings.revocationsStaleAfter))
        feed = RevocationFeed(database: settings.database, user: "postern_worker", into: revocations) { event in
            switch event {
            case .known(let entries): logger.info("revocations known", metadata: ["entries": "\(entries)"])
            case .lost(let reason): logger.error("revocations not known", metadata: ["error": "\(reason)"])
            }
        }
        let catalogue = try Catalogue.embedded()
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
                credentials: access.credentials,
                logger: logger
            )
        )
        watchFiles()
    }

    /// Reads the policy and the key ring again; what is wrong with them leaves all as it was.
    func reload(reason: String) {
        do {
            gateway.replace(ring: try KeyRing(file: settings.keys.ring))
            try gateway.replace(policy: try Self.policy(settings), reason: reason)
            logger.info("reloaded", metadata: ["why": "\(reason)"])
        } catch {
            logger.error("not reloaded, the old state stays", metadata: ["why": "\(reason)", "error": "\(error)"])
            let message = "\(reason): \(error)"
            audit.append(event: EventRecord(.policyRefused, id: .make(), time: .now(), message: message))
        }
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
        let files = settings.policyFiles + [settings.keys.ring]
        let thread = Thread { [self] in
            var marks = files.map { FileMark($0) }
            while true {
                Thread.sleep(forTimeInterval: 1)
                let now = files.map { FileMark($0) }
                // A file that is being written changes again: wait until it rests.
                guard now != marks else { continue }
                Thread.sleep(forTimeInterval: 0.2)
                guard files.map({ FileMark($0) }) == now else { continue }
                marks = now
                reload(reason: "file changed")
            }
        }
        thread.name = "files"
        thread.start()
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

/// What tells one version of a file from another.
struct FileMark: Equatable {
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// Looks at the file; one that is not there is like no file that is.
    init(_ path: String) {
        var status = stat()
        let isThere = unsafe stat(path, &status) == 0
        inode = isThere ? UInt64(status.st_ino) : 0
        size = isThere ? Int64(status.st_size) : -1
        seconds = isThere ? Int(status.st_mtim.tv_sec) : 0
        nanoseconds = isThere ? Int(status.st_mtim.tv_nsec) : 0
    }
}
