import OpenSSL

/// The files that pages load, each under a name that has its hash in it.
enum Assets {
    /// A file.
    struct Asset: Sendable {
        let name: String
        let type: String
        let bytes: [UInt8]
        /// The value of an `integrity` attribute (W3C Subresource Integrity).
        let integrity: String
    }

    static let style = make("console", "css", "text/css; charset=utf-8", styleText)
    static let script = make("console", "js", "text/javascript; charset=utf-8", scriptText)
    static let icon = make("icon", "svg", "image/svg+xml", iconText)

    /// All of them by name.
    static let all = Dictionary(uniqueKeysWithValues: [style, script, icon].map { ($0.name, $0) })

    private static func make(_ name: String, _ suffix: String, _ type: String, _ text: String) -> Asset {
        let bytes = Array(text.utf8)
        let digest = SHA256.hash(bytes).bytes
        return Asset(
            name: "\(name)-\(Hex.encode(Array(digest.prefix(8)))).\(suffix)",
            type: type,
            bytes: bytes,
            integrity: "sha256-" + Base64.encode(digest)
        )
    }
}
