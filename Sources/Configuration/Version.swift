/// Which Postern this is.
public enum Version {
    /// The version of all programs, as the package names it (semver.org 2.0).
    public static let current = "0.1.0"
}
