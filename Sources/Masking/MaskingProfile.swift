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

    /// Bytes by which a site's own secrets begin, and what follows.
    public struct Detector: Sendable {
        /// The type in replacements and findings; lower-case letters, digits and dashes.
        public var type: String
        /// The literal prefix, at least three bytes.
        public var prefix: String
        /// Bytes of letters, digits, `_`, `-`, `.`, `+`, `/` and `=` after the prefix.
        public var length: ClosedRange<Int>

        /// A detector of tokens that begin with `prefix`.
        public init(type: String, prefix: String, length: ClosedRange<Int>) {
            self.type = type
            self.prefix = prefix
            self.length = length
        }
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
    /// How deep encodings are opened inside each other.
    public var maximumNesting = 4
    /// Bytes of the longest value that is held in memory.
    public var maximumValue = 32 << 20

    /// The default profile: all but IP addresses, unreadable content denied.
    public init() {}
}
