/// Why an answer could not be masked; nothing of the unmasked rest may be passed on.
public enum MaskingError: Error, Equatable, Sendable {
    /// The answer is not what its content type says.
    case malformed(format: String, offset: Int)
    /// The answer nests deeper than the limit.
    case tooDeep
    /// A document, or one value in it, is longer than the limit.
    case tooLarge
    /// The compressed answer is damaged or a bomb.
    case compression
    /// The profile denies what cannot be inspected; `reason` names the format.
    case unreadable(reason: String)
    /// The pattern library failed while scanning.
    case scanFailed
    /// The engine does not find what it must find; `check` names the case.
    case selfTestFailed(check: String)
    /// The compiled rules are damaged.
    case rulesDamaged
    /// A detector of the profile's own, by its place among them, is not usable; `reason` says why.
    case invalidDetector(index: Int, reason: String)
    /// The profile is not usable; `reason` says why.
    case invalidProfile(reason: String)
}
