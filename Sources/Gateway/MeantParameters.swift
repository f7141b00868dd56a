import AWSRequest
import HTTPTypes
import OpenSSL

/// The part of a call that an approval is bound to, in bytes that are the same for every run of the same command.
///
/// Left out are dates, signatures, session tokens, retry and tracing headers, checksums of the payload (whose hash is in
/// it), and the idempotency tokens that SDKs fill anew for each call.
enum MeantParameters {
    /// - Parameter payload: SHA-256 of the payload where it is one opaque blob.
    static func bytes(
        of input: ParsedInput,
        without tokens: [String],
        fields: HTTPFields,
        payload: SHA256Digest?
    ) -> [UInt8] {
        var lines = [input.canonicalText(without: tokens), payload?.hex ?? ""]
        lines += fields.filter { isMeant($0.name.canonicalName) }.map { "\($0.name.canonicalName):\($0.value)" }
            .sorted()
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// Headers that say what is asked for; the input's tree holds those that the model knows, this all others.
    private static func isMeant(_ name: String) -> Bool {
        guard name.hasPrefix("x-amz-") || name.hasPrefix("if-") || name == "content-type" || name == "range" else {
            return false
        }
        let varying = [
            "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-s3session-token", "x-amz-trailer",
            "x-amz-decoded-content-length",
        ]
        return !varying.contains(name) && !name.hasPrefix("x-amz-checksum-")
    }
}
