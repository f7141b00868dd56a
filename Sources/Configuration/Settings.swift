public import AWSRequest
public import Audit
public import Identity
public import Policy

/// The whole of `postern.yaml`, checked.
public struct Settings: Sendable {
    /// The public host, with its port where it is not 443: for links and for telling virtual hosts.
    public var site: String
    /// libpq conninfo without user; each process adds its role.
    public var database: String
    /// Key files.
    public var keys: Keys
    /// postern-auth's socket and threads.
    public var auth: Listening
    /// postern-worker's.
    public var worker: Listening
    /// postern-console's.
    public var console: Console
    /// Trusted OIDC issuers; never empty.
    public var issuers: [IssuerSettings]
    /// Roles that agents may ask for; never empty.
    public var roles: [Role]
    /// Seconds a gateway session lasts at most.
    public var sessionLifetime: Int
    /// Seconds after which an unrefreshed revocation list refuses everybody.
    public var revocationsStaleAfter: Int
    /// Seconds by which an agent's clock may differ from ours.
    public var clockSkew: Int
    /// Policy files, read as one policy.
    public var policyFiles: [String]
    /// Where calls go.
    public var upstream: Upstream
    /// The audit writer's bounds.
    public var audit: Audit
    /// Who is told of approvals, if anybody.
    public var webhook: Webhook?
    /// Masking profiles by name; `default` always exists.
    public var masking: [String: MaskingSettings]

    /// Key files.
    public struct Keys: Sendable {
        /// The key ring's JSON file, shared by all nodes of a site.
        public var ring: String
        /// The PEM file of the Ed25519 key that signs audit checkpoints.
        public var checkpoint: String
    }

    /// One FastCGI program.
    public struct Listening: Sendable {
        /// The unix socket's path.
        public var socket: String
        /// Its permission bits.
        public var mode: UInt32
        /// The name of the group that it belongs to; nil for the program's own.
        public var group: String?
        /// Threads that take requests.
        public var threads: Int
        /// Requests that may wait for a person besides.
        public var held: Int
    }

    /// The approvers' pages.
    public struct Console: Sendable {
        /// The program.
        public var listening: Listening
        /// The pages' public URL, with a slash at its end.
        public var url: String
        /// The issuer that approvers log in at; one of `issuers`.
        public var issuer: String
        /// The OIDC client's id.
        public var clientID: String
        /// The file that holds its secret, if it has one.
        public var clientSecretFile: String?
        /// Groups whose members may approve where the policy names nobody.
        public var approverGroups: [String]
        /// Seconds since a person proved who he is, after which he does so again before he decides.
        public var freshLogin: Int
    }

    /// A role that agents may act in.
    public struct Role: Sendable {
        /// The ARN, as agents ask for it.
        public var arn: RoleARN
        /// Who may use it.
        public var trust: ConditionBlock
        /// Whose credential calls in it are signed with.
        public var credentials: Credentials

        /// Whose credential signs.
        public enum Credentials: Sendable, Equatable {
            /// The gateway's own.
            case gateway
            /// That of a role which the gateway assumes for the caller.
            case assume(AssumedRole)
        }
    }

    /// A role of AWS's that the gateway assumes.
    public struct AssumedRole: Sendable, Equatable {
        /// Its ARN.
        public var arn: RoleARN
        /// What its trust policy asks for as `sts:ExternalId`, if anything.
        public var externalID: String?
        /// What is said of the caller.
        public var marks: UpstreamIdentity.Marks
    }

    /// Where calls go.
    public struct Upstream: Sendable, Equatable {
        /// AWS's hosts, or one server in their place that gets the same Host field.
        public enum Server: Sendable, Equatable {
            /// The hosts that the catalogue names.
            case aws
            /// `http` to a loopback address, or `https`, in their place.
            case fixed(scheme: String, host: String, port: Int)
        }

        /// Where to connect.
        public var server: Server
        /// A PEM file of certificate authorities in place of the system's.
        public var caFile: String?
        /// The region of calls that name none.
        public var defaultRegion: String
        /// Whether FIPS endpoints are used.
        public var fips: Bool
        /// Whether dual-stack endpoints are used.
        public var dualStack: Bool
        /// Hosts of the customers' own that agents may reach; nothing else is connected to.
        public var customerEndpoints: CustomerEndpoints
        /// S3 access points that agents reach as `name-account.SITE`, as SDKs write them.
        public var accessPoints: [S3AccessPoint]
    }

    /// The audit writer's bounds.
    public struct Audit: Sendable, Equatable {
        /// The most records that wait to be written.
        public var queue: Int
        /// Seconds a call waits for its record to be durable.
        public var deadline: Int
        /// Seconds between signed checkpoints.
        public var checkpointEvery: Int
        /// Second places for the records.
        public var sinks: Sinks
        /// Places for checkpoints, outside of the database.
        public var checkpointExport: CheckpointExport

        /// Second places for the records, for a SIEM.
        public struct Sinks: Sendable, Equatable {
            /// A file of JSON lines.
            public var file: String?
            /// A syslog server.
            public var syslog: SyslogAddress?
            /// The most records that wait for each of them.
            public var queue: Int
        }

        /// Places for checkpoints.
        public struct CheckpointExport: Sendable, Equatable {
            /// A file of JSON lines.
            public var file: String?
            /// A syslog server.
            public var syslog: SyslogAddress?
            /// A bucket.
            public var bucket: Bucket?
        }

        /// A bucket that gets each checkpoint as an object of its own.
        public struct Bucket: Sendable, Equatable {
            /// Its name.
            public var name: String
            /// What the objects' keys begin with: empty, or with a slash at its end.
            public var prefix: String
            /// Its region.
            public var region: String
        }
    }

    /// A receiver of what happens to approvals.
    public struct Webhook: Sendable, Equatable {
        /// The shape of the messages.
        public enum Form: String, Sendable, CaseIterable {
            /// Every field, and `text`.
            case json
            /// `text` alone, as Slack's incoming webhooks take it.
            case slack
            /// An Adaptive Card, as Teams' workflows take it.
            case teams
        }

        /// Where to post: `https`, or `http` to a loopback address.
        public var url: String
        /// The file with the key that messages are signed with.
        public var secretFile: String?
        /// The shape of the messages.
        public var form: Form
    }
}
