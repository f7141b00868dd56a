/// An answer of the console, with the headers that every one of them has.
struct ConsoleResponse: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    /// A page.
    static func page(_ html: String, status: Int = 200) -> ConsoleResponse {
        ConsoleResponse(
            status: status,
            fields: [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")] + protection,
            body: Array(html.utf8)
        )
    }

    /// Nothing but a status.
    static func empty(_ status: Int) -> ConsoleResponse {
        ConsoleResponse(status: status, fields: [("Cache-Control", "no-store")] + protection, body: [])
    }

    /// A redirect after which the browser makes a GET.
    static func redirect(to location: String) -> ConsoleResponse {
        var response = empty(303)
        response.fields.append(("Location", location))
        return response
    }

    /// A file whose name has its hash in it: it never changes.
    static func asset(_ asset: Assets.Asset) -> ConsoleResponse {
        ConsoleResponse(
            status: 200,
            fields: [
                ("Content-Type", asset.type), ("Cache-Control", "public, max-age=31536000, immutable"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ] + protection,
            body: asset.bytes
        )
    }

    /// Adds a cookie of the whole host, out of scripts' reach; `seconds` 0 deletes it.
    mutating func setCookie(_ name: String, _ value: String, seconds: Int64) {
        fields.append(
            ("Set-Cookie", "\(name)=\(value); Path=/; Max-Age=\(seconds); Secure; HttpOnly; SameSite=Lax")
        )
    }

    /// Nothing from elsewhere, nothing inline, no frame, no opener.
    static let contentPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    private static let protection: [(name: String, value: String)] = [
        ("Content-Security-Policy", contentPolicy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]
}
