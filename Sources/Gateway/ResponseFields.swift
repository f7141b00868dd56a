import HTTPClient
import Masking

/// Which fields of AWS's answer the agent gets.
enum ResponseFields {
    /// Lower-case names that stay behind: hop by hop (RFC 9110 section 7.6.1), obeyed by nginx, or said anew.
    private static let dropped: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "status", "set-cookie", "set-cookie2", "server", "alt-svc", "content-length",
        "strict-transport-security", "public-key-pins",
    ]

    /// Whether a field may be passed on at all; nginx would obey `X-Accel-*`.
    static func mayPass(_ name: String) -> Bool {
        let name = name.lowercased()
        return !dropped.contains(name) && !name.hasPrefix("x-accel-") && !name.hasPrefix("x-postern-")
    }
}
