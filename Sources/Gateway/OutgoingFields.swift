import HTTPTypes

/// Which fields of the agent's request AWS gets.
enum OutgoingFields {
    /// Lower-case names that stay behind: hop by hop, made anew by the signer or the client, or about the agent's way to
    /// the gateway.
    private static let dropped: Set<String> = [
        "authorization", "connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "expect", "host", "content-length", "accept-encoding", "cookie", "forwarded",
        "via", "x-real-ip", "x-original-url", "x-rewrite-url", "x-http-method-override", "x-amz-date",
        "x-amz-security-token", "x-amz-s3session-token", "x-amzn-trace-id",
    ]

    /// The fields to send on; the answer is asked for unencoded, since it has to be read.
    static func passed(_ fields: HTTPFields) -> HTTPFields {
        var passed = HTTPFields()
        for field in fields {
            let name = field.name.canonicalName
            if dropped.contains(name) || name.hasPrefix("x-postern-") || name.hasPrefix("x-forwarded-") { continue }
            passed.append(field)
        }
        passed[.acceptEncoding] = "identity"
        return passed
    }
}
