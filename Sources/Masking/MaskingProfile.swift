/// What an engine looks for, and what it does with what it cannot read.
public struct MaskingProfile: Sendable {
    /// What happens to content that cannot be inspected.
    public enum Unreadable: String, Sendable {
        /// The answer is refused.
        case deny
        /// The answer passes and the finding `unreadable` is counted.
        case pass
    }

    /// Groups of personal data.
    public enum PersonalData: String, CaseIterable, Sendable {
        /// E-mail addresses.
        case email
        /// Telephone numbers, international or separated.
        case phone
        /// Payment card numbers (Luhn, known prefixes).
        case card
        /// International bank account numbers (mod 97).
        case iban
        /// US social security and taxpayer numbers with separators.
        case ssn
        /// National ids, passports, licences and dates of birth named as such.
        case identity
        /// IP addresses; off by default, because an agent cannot work without.
        case address
    }

    /// What to do with a member, by operation and path.
    public struct Member: Sendable {
        /// `service.Operation`, or `service.*`.
        public var operation: String
        /// Wire names joined by `/`, `*` for any one name; lists are transparent in JSON.
        public var path: String
        /// Whether it is replaced as a whole; otherwise nothing in it is touched.
        public var isMasked: Bool

        /// A rule for one member.
        public init(operation: String, path: String, isMasked: Bool) {
            self.operation = operation
            self.path = path
            self.isMasked = isMasked
        }
    }

    /// A pattern of the site's own, and what else must be true of what it matches.
    public struct Detector: Sendable {
        /// What a match must pass.
        public enum Validator: String, CaseIterable, Sendable {
            /// Nothing more.
            case anything = "none"
            /// The check digit of its digits (ISO/IEC 7812-1).
            case luhn
            /// The check digits of an account number (ISO 13616, mod 97).
            case iban
            /// That it looks made by a machine: no words, no date, no UUID, enough entropy.
            case random
        }

        /// The type in replacements and findings; lower-case letters, digits and dashes.
        public var type: String
        /// A regular expression in Hyperscan's syntax, whose matches are 512 bytes long at most.
        public var pattern: String
        /// What a match must pass.
        public var validator: Validator
        /// Bits a byte that a match has at least (Shannon).
        public var entropy: Double
        /// Words of which one stands, in any case, within 100 bytes of a match or in a name around it; empty for no need.
        public var context: [String]
        /// Texts in which the detector must find something, tried at start.
        public var masks: [String]
        /// Texts in which it must find nothing, tried at start.
        public var keeps: [String]

        /// A detector of what `pattern` matches.
        public init(
            type: String,
            pattern: String,
            validator: Validator = .anything,
            entropy: Double = 0,
            context: [String] = [],
            masks: [String] = [],
            keeps: [String] = []
        ) {
            self.type = type
            self.pattern = pattern
            self.validator = validator
            self.entropy = entropy
            self.context = context
            self.masks = masks
            self.keeps = keeps
        }
    }

    /// What becomes of a call that carries a secret, or content that cannot be inspected.
    public enum Requests: String, CaseIterable, Sendable {
        /// It is not looked at.
        case pass
        /// It needs a person's approval.
        case ask
        /// It is refused.
        case deny
    }

    /// Whether members that the models know as secret are replaced.
    public var masksByModel = true
    /// Whether credentials are found by their look and their context.
    public var masksCredentials = true
    /// Which personal data is found.
    public var personalData: Set<PersonalData> = [.email, .phone, .card, .iban, .ssn, .identity]
    /// Types of findings that are left as they are.
    public var exceptedTypes: Set<String> = []
    /// Members in addition to, or excepted from, the built-in ones.
    public var members: [Member] = []
    /// Detectors of the site's own.
    public var detectors: [Detector] = []
    /// What happens to content that cannot be inspected.
    public var unreadable: Unreadable = .deny
    /// What happens to calls that send a secret away.
    public var requests: Requests = .pass
    /// How deep encodings are opened inside each other.
    public var maximumNesting = 4
    /// Bytes of the longest value that is held in memory.
    public var maximumValue = 32 << 20

    /// The default profile: all but IP addresses, unreadable content denied.
    public init() {}

    /// Types of findings that can be turned off one by one, beside personal data.
    public static let types: Set<String> = credentialTypes.union(["environment", "bearer-url"])

    private static let credentialTypes = Set(TokenFormat.all.map(\.type)).union([
        "secret", "token", "private-key", "jwt", "url-password", "presigned-url", "basic-authorization", "bearer-token",
        "cookie", "password-hash", "azure-client-secret", "openai-key", "aws-secret-access-key", "aws-session-token",
        "telegram-token", "encoded-secret",
    ])

    /// Turns a group (`model`, `credentials`, `personal`), a kind of personal data or a type of findings on or off.
    ///
    /// Groups come before what is in them: the last word counts.
    ///
    /// - Returns: false where nothing has that name.
    public mutating func turn(_ name: String, on isOn: Bool) -> Bool {
        switch name {
        case "model": masksByModel = isOn
        case "credentials":
            if isOn {
                exceptedTypes.subtract(Self.credentialTypes)
            } else {
                exceptedTypes.formUnion(Self.credentialTypes)
            }
        case "personal": personalData = isOn ? MaskingProfile().personalData : []
        default:
            if let kind = PersonalData(rawValue: name) {
                if isOn { personalData.insert(kind) } else { personalData.remove(kind) }
            } else if Self.types.contains(name) {
                if isOn { exceptedTypes.remove(name) } else { exceptedTypes.insert(name) }
            } else {
                return false
            }
        }
        masksCredentials = !Self.credentialTypes.isSubset(of: exceptedTypes)
        return true
    }
}
