public import OpenSSL

/// Who asked for what, from where: what an intent and a denial have in common.
///
/// Text may come from the agent; it is bounded when it is recorded (docs/audit.md).
public struct AuditedCall: Sendable {
    /// nginx's request id: 32 hexadecimal digits.
    public var requestID: RecordID?
    /// Issuer of the token.
    public var issuer = ""
    /// Subject within the issuer.
    public var subject = ""
    /// Groups of the subject.
    public var groups: [String] = []
    /// ARN of the role that the session was made for.
    public var role: String?
    /// Id of the gateway session.
    public var sessionID: String?
    /// The role session name.
    public var sessionName: String?
    /// Which model query the call belongs to.
    public var queryID: String?
    /// App id from the user agent.
    public var app: String?
    /// W3C trace context.
    public var traceparent: String?
    /// The agent's address.
    public var sourceIP: String?
    /// The agent's user agent.
    public var userAgent: String?
    /// `service.Operation`.
    public var operation: String?
    /// IAM actions.
    public var actions: [String] = []
    /// Highest access level of the actions.
    public var accessLevel: String?
    /// Risks that were found.
    public var risks: [String] = []
    /// ARNs.
    public var resources: [String] = []
    /// AWS region.
    public var region: String?
    /// AWS account.
    public var account: String?
    /// The masked parameters: one JSON text in UTF-8.
    public var parameters: [UInt8]?
    /// SHA-256 of the request body as received.
    public var bodySHA256: SHA256Digest?
    /// Whether the credential was in the query string.
    public var isPresigned = false

    /// A call of which nothing is known yet.
    public init() {}
}

/// What was decided about a call, and by what.
public struct AuditedDecision: Sendable {
    /// What was decided.
    public enum Verdict: String, Sendable {
        /// The policy allows it.
        case allow
        /// A person allowed it.
        case approved
        /// The policy denies it.
        case deny
        /// A person has to decide.
        case requireApproval = "require_approval"
    }

    /// What was decided.
    public var verdict: Verdict
    /// The deciding statement: `Sid file:line`.
    public var statement: String?
    /// SHA-256 of the policy.
    public var policyHash: SHA256Digest?
    /// Why, in words.
    public var explanation: String?
    /// The approval.
    public var approvalID: RecordID?
    /// Masking profile that applies.
    public var maskProfile: String?

    /// A decision.
    public init(
        _ verdict: Verdict,
        statement: String? = nil,
        policyHash: SHA256Digest? = nil,
        explanation: String? = nil,
        approvalID: RecordID? = nil,
        maskProfile: String? = nil
    ) {
        self.verdict = verdict
        self.statement = statement
        self.policyHash = policyHash
        self.explanation = explanation
        self.approvalID = approvalID
        self.maskProfile = maskProfile
    }
}

/// A call that is about to be forwarded.
public struct IntentRecord: Sendable {
    /// The call's id; its outcome carries the same.
    public var id: RecordID
    /// When.
    public var time: AuditTime
    /// Who asks for what.
    public var call: AuditedCall
    /// Why it may be forwarded.
    public var decision: AuditedDecision
    /// Where it goes.
    public var upstreamHost: String

    /// An intent.
    public init(
        id: RecordID,
        time: AuditTime,
        call: AuditedCall,
        decision: AuditedDecision,
        upstreamHost: String
    ) {
        self.id = id
        self.time = time
        self.call = call
        self.decision = decision
        self.upstreamHost = upstreamHost
    }
}

/// What came of a call.
public struct OutcomeRecord: Sendable {
    /// The intent's id.
    public var id: RecordID
    /// When.
    public var time: AuditTime
    /// HTTP status that the agent got.
    public var status: Int?
    /// AWS error code, or Postern's own cause.
    public var errorCode: String?
    /// AWS's request id.
    public var awsRequestID: String?
    /// Body bytes sent upstream.
    public var bytesIn: Int64 = 0
    /// Body bytes that the agent got.
    public var bytesOut: Int64 = 0
    /// SHA-256 of the body that the agent got.
    public var responseSHA256: SHA256Digest?
    /// Masked secrets: type and how many.
    public var findings: [(type: String, count: Int)] = []
    /// Microseconds by stage.
    public var timings: [(stage: String, microseconds: Int64)] = []
    /// Whether the answer reached the agent whole.
    public var isCompleted = false
    /// Whether the upstream answer broke off.
    public var isTruncated = false
    /// Anything else, in words.
    public var message: String?

    /// An outcome of which nothing is known yet.
    public init(id: RecordID, time: AuditTime) {
        self.id = id
        self.time = time
    }
}

/// Anything that is neither intent nor outcome: a refusal, or an administrative act.
public struct EventRecord: Sendable {
    /// What happened.
    public enum Event: String, Sendable, CaseIterable {
        /// Policy refused a call.
        case denied
        /// A credential, signature or assertion was refused.
        case authenticationFailed = "authentication_failed"
        /// A call waits for a person.
        case approvalPending = "approval_pending"
        /// Several like refusals in one row.
        case summarised
        /// A session was made.
        case sessionIssued = "session_issued"
        /// A policy took effect.
        case policyLoaded = "policy_loaded"
        /// A policy file was refused; the one before stays.
        case policyRefused = "policy_refused"
        /// The key ring changed.
        case keysRotated = "keys_rotated"
        /// The process started: first record of its chain.
        case writerStarted = "writer_started"
        /// The process ended in order: last record of its chain.
        case writerStopped = "writer_stopped"
        /// Anything else that an administrator did.
        case administrative
    }

    /// The event's or the call's id.
    public var id: RecordID
    /// When.
    public var time: AuditTime
    /// What happened.
    public var event: Event
    /// What happened, in words.
    public var message: String?
    /// The call, where there is one.
    public var call: AuditedCall?
    /// The decision, where there is one.
    public var decision: AuditedDecision?
    /// HTTP status that the agent got.
    public var status: Int?
    /// Error code that the agent got.
    public var errorCode: String?
    /// Particulars, in this order.
    public var detail: [(key: String, value: DetailValue)] = []
    /// How many like events this one stands for.
    public var repeated: Int?

    /// An event.
    public init(
        _ event: Event,
        id: RecordID,
        time: AuditTime,
        message: String? = nil,
        call: AuditedCall? = nil,
        decision: AuditedDecision? = nil
    ) {
        self.event = event
        self.id = id
        self.time = time
        self.message = message
        self.call = call
        self.decision = decision
    }
}

/// A value in an event's particulars.
public enum DetailValue: Sendable {
    /// Text.
    case text(String)
    /// A number.
    case number(Int64)
}

/// A grant that a call uses up: consumed in the transaction that makes the call's intent durable.
public struct GrantUse: Sendable {
    /// The approval.
    public let approvalID: RecordID
    /// The call's fingerprint, which must be the approval's.
    public let fingerprint: SHA256Digest

    /// A use.
    public init(approvalID: RecordID, fingerprint: SHA256Digest) {
        self.approvalID = approvalID
        self.fingerprint = fingerprint
    }
}

/// Where a durable record stands.
public struct AuditReceipt: Equatable, Sendable {
    /// The chain.
    public let writer: RecordID
    /// Position in it.
    public let sequence: Int64
    /// Hash of the record.
    public let hash: SHA256Digest
}
