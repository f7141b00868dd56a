public import OpenSSL

/// What an approval must be like: the policy's terms.
public struct ApprovalTerms: Sendable {
    /// Who may decide, as the policy wrote it: a JSON list of lists; `[]` is whoever the configuration lets.
    public var approvers: String
    /// How many distinct persons must approve.
    public var quorum: Int
    /// Seconds until an undecided request expires.
    public var expiresAfter: Int
    /// Seconds for which a grant holds.
    public var grantLasts: Int
    /// How many calls a grant allows; nil is any number until it ends.
    public var uses: Int?

    /// The terms.
    public init(
        approvers: String = "[]",
        quorum: Int = 1,
        expiresAfter: Int = 900,
        grantLasts: Int = 300,
        uses: Int? = 1
    ) {
        self.approvers = approvers
        self.quorum = quorum
        self.expiresAfter = expiresAfter
        self.grantLasts = grantLasts
        self.uses = uses
    }
}

/// A call that needs approval, as it is shown to approvers.
public struct ApprovalRequest: Sendable {
    /// What makes two calls the same: see `CallFingerprint`.
    public var fingerprint: SHA256Digest
    /// The policy's terms.
    public var terms: ApprovalTerms
    /// Who asks.
    public var requester: Person
    /// Groups of the requester.
    public var groups: [String] = []
    /// ARN of the role that the session was made for.
    public var role: String?
    /// Id of the gateway session.
    public var sessionID: String?
    /// Which model query the call belongs to.
    public var queryID: String?
    /// App id from the user agent.
    public var app: String?
    /// Address of the requester.
    public var sourceIP: String?
    /// User agent, as sent.
    public var userAgent: String?
    /// `service.Operation`.
    public var operation: String
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
    /// The parameters, masked: one JSON text.
    public var parameters: String?
    /// The call as an `aws` command line, masked.
    public var command: String?
    /// The call in words.
    public var summary: String
    /// The deciding statement: `Sid file:line`.
    public var statement: String?
    /// Why, in words.
    public var explanation: String?
    /// SHA-256 of the policy.
    public var policyHash: SHA256Digest?

    /// A request; the rest is set one by one.
    public init(
        fingerprint: SHA256Digest,
        terms: ApprovalTerms,
        requester: Person,
        operation: String,
        summary: String
    ) {
        self.fingerprint = fingerprint
        self.terms = terms
        self.requester = requester
        self.operation = operation
        self.summary = summary
    }
}

/// What makes two calls the same for an approval.
///
/// SHA-256 over fields that each begin with their length in eight bytes, so that no two different lists of fields give
/// the same bytes. What varies between two runs of the same command (date, signature, retry headers, idempotency tokens)
/// must be left out by the caller.
public enum CallFingerprint {
    /// How much of the call counts.
    public enum Scope: Sendable {
        /// All of it: the parameters' bytes, in a form that does not depend on the run.
        case call(parameters: [UInt8])
        /// The resources, whatever the other parameters.
        case resources([String])
    }

    /// The fingerprint of a call.
    public static func digest(
        requester: Person,
        role: String,
        account: String,
        region: String,
        operation: String,
        scope: Scope
    ) -> SHA256Digest {
        var fields = ["postern call 1", requester.issuer, requester.subject, role, account, region, operation]
            .map { Array($0.utf8) }
        switch scope {
        case .call(let parameters): fields += [Array("call".utf8), parameters]
        case .resources(let resources):
            fields.append(Array("resources".utf8))
            fields += resources.sorted().map { Array($0.utf8) }
        }
        var bytes: [UInt8] = []
        for field in fields {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: field.count >> shift))
            }
            bytes += field
        }
        return SHA256.hash(bytes)
    }
}
