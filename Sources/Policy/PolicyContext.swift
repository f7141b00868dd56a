/// What a call has for a condition key.
public enum ContextValue: Sendable, Hashable {
    /// The key does not belong to this call; IAM's rules for missing keys apply.
    case missing
    /// The call has it but the value cannot be told: an Allow that depends on it does not match, all else does.
    case unknown
    /// Its values; none is the same as missing, for more than one see `ForAllValues` and `ForAnyValue`.
    case values([String])
}

/// What is known of a call besides its actions and resources.
///
/// Values are asked for only when a condition needs them, at most once a decision.
public struct PolicyContext {
    private let lookup: (ConditionKey) -> ContextValue

    /// Asks `lookup` for each key that a decision needs.
    public init(lookup: @escaping (ConditionKey) -> ContextValue) {
        self.lookup = lookup
    }

    /// Knows the given keys; names that are none are left out.
    ///
    /// Other keys of Postern's (`oidc:`, `postern:`, `request:`) and AWS's global keys that Postern supplies are
    /// missing; all else (`s3:prefix`, `aws:ResourceTag/...`) is unknown.
    public init(_ values: [String: [String]]) {
        var named: [String: [String]] = [:]
        for (key, value) in values {
            guard let key = ConditionKey(key) else { continue }
            named[key.name] = value
        }
        let supplied = Set(ConditionKey.suppliedGlobals.map { $0.lowercased() })
        self.init { key in
            if let values = named[key.name] { return .values(values) }
            let own = ["oidc", "postern", "request"].contains { $0 == key.prefix }
            return own || supplied.contains(key.name) ? .missing : .unknown
        }
    }

    /// What the call has for a key.
    public func value(of key: ConditionKey) -> ContextValue {
        key.constant ?? lookup(key)
    }
}

/// The values of one policy's keys for one call, fetched on first use.
struct KeyValues {
    /// Values longer than this are not compared; they count as unknown.
    private static let lengthLimit = 65_536

    let keys: [ConditionKey]
    private let context: PolicyContext
    private var fetched: [ContextValue?]

    init(keys: [ConditionKey], context: PolicyContext) {
        self.keys = keys
        self.context = context
        fetched = Array(repeating: nil, count: keys.count)
    }

    subscript(number: Int) -> ContextValue {
        mutating get {
            if let value = fetched[number] { return value }
            let value = Self.bounded(context.value(of: keys[number]))
            fetched[number] = value
            return value
        }
    }

    /// Gives a key the value that the action at hand has for it.
    mutating func set(_ number: Int, to value: ContextValue) {
        fetched[number] = value
    }

    private static func bounded(_ value: ContextValue) -> ContextValue {
        guard case .values(let values) = value else { return value }
        if values.isEmpty { return .missing }
        return values.contains { $0.utf8.count > lengthLimit } ? .unknown : value
    }
}
