public import AWSRequest
public import Approvals
public import Audit
public import Configuration
public import FastCGI
public import HTTPClient
public import Identity
public import Logging
public import Masking
import OpenSSL
public import Policy
import SigV4

/// The worker: takes what nginx sends and answers it, one request a thread.
public final class Gateway: Sendable {
    /// What the program makes at its start and the gateway works with.
    public struct Parts: Sendable {
        /// postern.yaml.
        public var settings: Settings
        /// What is known of AWS.
        public var catalogue: Catalogue
        /// The keys of sessions and assertions.
        public var ring: KeyRing
        /// Revoked sessions; those of an unknown state are refused.
        public var revocations: Revocations
        /// The policy at the start.
        public var policy: PolicySet
        /// Masking engines by profile name; `default` is there.
        public var masking: [String: MaskingEngine]
        /// The audit trail.
        public var audit: AuditWriter
        /// Approvals.
        public var approvals: ApprovalStore
        /// The way to AWS.
        public var client: HTTPClient
        /// The credentials that calls are signed with.
        public var access: UpstreamAccess
        /// Where the program logs.
        public var logger: Logger

        /// Takes all parts.
        public init(
            settings: Settings,
            catalogue: Catalogue,
            ring: KeyRing,
            revocations: Revocations,
            policy: PolicySet,
            masking: [String: MaskingEngine],
            audit: AuditWriter,
            approvals: ApprovalStore,
            client: HTTPClient,
            access: UpstreamAccess,
            logger: Logger
        ) {
            self.settings = settings
            self.catalogue = catalogue
            self.ring = ring
            self.revocations = revocations
            self.policy = policy
            self.masking = masking
            self.audit = audit
            self.approvals = approvals
            self.client = client
            self.access = access
            self.logger = logger
        }
    }

    let parts: Parts
    let recogniser: Recogniser
    let signer = RequestSigner()
    let replays = ReplayGuard()
    let limits: CallLimits
    let metrics = CallMetrics()
    let discovery = EndpointDiscovery()
    let policy: InForce<PolicyVersion>
    let ring: InForce<KeyRing>
    /// Stands in for the secret of an unknown key, so that it takes as long to refuse.
    let dummySecret: SecretBytes

    /// Puts the parts together.
    public init(_ parts: Parts) {
        self.parts = parts
        let host = parts.settings.site.prefix { $0 != ":" }
        let hosts = SiteHosts([String(host)], accessPoints: parts.settings.upstream.accessPoints)
        recogniser = Recogniser(catalogue: parts.catalogue, siteHosts: hosts)
        limits = CallLimits(database: parts.settings.database, user: "postern_worker")
        policy = InForce(PolicyVersion(parts.policy))
        ring = InForce(parts.ring)
        dummySecret = SecretBytes(Array(repeating: UInt8(ascii: "x"), count: 40))
    }

    /// Judges all calls from now on by another policy.
    ///
    /// - Parameters:
    ///   - set: The policy.
    ///   - reason: Why it is read again.
    ///   - files: Its files, each with who owns it, which is who could change it.
    /// - Throws: when the change cannot be recorded; the policy before then stays in force.
    public func replace(policy set: PolicySet, reason: String, files: String) throws(AuditError) {
        let version = PolicyVersion(set)
        _ = try parts.audit.appendAndWait(event: Self.event(version, before: policy.current, reason, files))
        policy.replace(with: version)
    }

    /// Records which policy is in force from the start.
    public func recordPolicy(files: String) {
        parts.audit.append(event: Self.event(policy.current, before: nil, "start", files))
    }

    private static func event(
        _ version: PolicyVersion,
        before: PolicyVersion?,
        _ reason: String,
        _ files: String
    ) -> EventRecord {
        let message = "policy \(version.hash.hex): \(reason)"
        var event = EventRecord(.policyLoaded, id: .make(), time: .now(), message: message)
        event.detail = [("sha256", .text(version.hash.hex)), ("reason", .text(reason)), ("files", .text(files))]
        if let before { event.detail.append(("previous_sha256", .text(before.hash.hex))) }
        return event
    }

    /// Takes another version of the key ring, and records it where it is another one; sessions of keys that it no longer
    /// has end.
    public func replace(ring new: KeyRing, reason: String) {
        let (before, after) = (ring.current.keys.map { "\($0.id)" }, new.keys.map { "\($0.id)" })
        ring.replace(with: new)
        guard before != after else { return }
        var event = EventRecord(.keysRotated, id: .make(), time: .now(), message: "key ring: \(reason)")
        event.detail = [
            ("added", .text(after.filter { !before.contains($0) }.joined(separator: " "))),
            ("removed", .text(before.filter { !after.contains($0) }.joined(separator: " "))),
        ]
        parts.audit.append(event: event)
    }

    /// Answers one request.
    @Sendable
    public func handle(_ exchange: Exchange) {
        switch exchange.parameters.text("POSTERN_ROUTE").flatMap(Route.init(rawValue:)) {
        case .call: CallHandler(self, exchange).run()
        case .refused: RefusalHandler(self, exchange).run()
        case .approval: ApprovalStatusHandler(self, exchange).run()
        case .health: answerHealth(exchange)
        case .metrics: answerMetrics(exchange)
        case nil: try? exchange.writeHead(status: 404, fields: [])
        }
    }

    /// Says whether the process answers (live), or whether a call could be served durably now (ready).
    private func answerHealth(_ exchange: Exchange) {
        let asksReady = exchange.parameters.text("REQUEST_URI")?.hasSuffix("/ready") ?? false
        let isReady = !asksReady || parts.audit.isReady
        let text = isReady ? "ok\n" : "the audit trail is out of reach\n"
        exchange.answer(status: isReady ? 200 : 503, contentType: "text/plain", text: text)
    }
}
