internal import PatternMatch

/// The compiled detectors of a profile, shared by all sessions.
struct DetectorSet: Sendable {
    let database: PatternDatabase
    /// The expressions of the profile's own detectors, if it has any.
    let own: OwnDetectors?
    let formats = TokenFormat.all
    private let anchors: [Anchor]
    let findsCards: Bool
    let findsAccounts: Bool
    let findsSocialSecurity: Bool
    let findsPhones: Bool
    let findsIdentity: Bool
    /// Whether runs of digits are looked at.
    let findsNumbers: Bool

    init(profile: MaskingProfile) throws(MaskingError) {
        own = try OwnDetectors(profile)
        anchors = Anchor.all(profile, formats: formats)
        findsCards = profile.personalData.contains(.card)
        findsAccounts = profile.personalData.contains(.iban)
        findsSocialSecurity = profile.personalData.contains(.ssn)
        findsIdentity = profile.personalData.contains(.identity)
        findsPhones = profile.personalData.contains(.phone)
        findsNumbers = findsCards || findsAccounts || findsSocialSecurity || findsPhones
        // A database needs a pattern; a profile without detectors gets one that finds nothing by itself.
        let literals = anchors.isEmpty ? [Anchor("[masked:", .token(-1))] : anchors
        do {
            database = try PatternDatabase(
                literals.enumerated().map {
                    LiteralPattern(
                        identifier: UInt32($0.offset),
                        bytes: $0.element.bytes,
                        ignoresCase: $0.element.ignoresCase
                    )
                }
            )
        } catch {
            throw .invalidProfile(reason: "detectors do not compile: \(error)")
        }
    }

    /// The anchor that a hit stands for.
    @inline(__always)
    func anchor(_ identifier: UInt32) -> Anchor? {
        let index = Int(identifier)
        return index < anchors.count ? anchors[index] : nil
    }
}
