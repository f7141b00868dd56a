/// Proves at start that the detectors of an engine find what they must find.
///
/// Vectorscan before 5.4.13 loses matches on AVX-512 machines (its issues 304, 358, 382), depending on where a buffer
/// lies; so the text is tried at several alignments.
enum SelfTest {
    static func run(_ engine: MaskingEngine) throws(MaskingError) {
        guard engine.profile.masksCredentials else { return }
        let session = engine.session(fingerprintKey: [0])
        defer { engine.end(session) }
        for shift in 0..<8 {
            let padding = String(repeating: " ", count: shift * 5)
            for (type, text) in cases where !engine.profile.exceptedTypes.contains(type) {
                let bytes = Array((padding + text + padding).utf8)
                var scan = TextScan()
                try session.scan(bytes.span, &scan)
                guard scan.edits.contains(where: { $0.type == type }) else { throw .selfTestFailed(check: type) }
            }
        }
    }

    /// Made up, and written so that no scanner of repositories takes them for real.
    private static let cases: [(type: String, text: String)] = [
        ("github-token", "token " + "ghp" + "_" + alphanumeric(36)),
        ("slack-token", "xox" + "b-" + alphanumeric(40)),
        ("stripe-key", "sk" + "_live_" + alphanumeric(24)),
        (
            "private-key",
            "-----BEGIN RSA " + "PRIVATE KEY-----\n" + alphanumeric(64) + "\n-----END RSA " + "PRIVATE KEY-----"
        ),
        ("secret", "password=" + alphanumeric(12)),
        ("aws-secret-access-key", "AKIA" + "IOSFODNN7EXAMPLE " + "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY"),
        ("url-password", "postgres://app:" + alphanumeric(10) + "@db.internal/main"),
    ]

    private static func alphanumeric(_ count: Int) -> String {
        let letters = Array("aQ3zX9kLm2Rt7WvB5nYc8HdP4sGf6JuE1oTiCqVxZrDhNwKy")
        return String((0..<count).map { letters[($0 * 7 + 3) % letters.count] })
    }
}
