public import OpenSSL

/// How a request's signature covers its body, as x-amz-content-sha256 states it.
public enum PayloadMode: Hashable, Sendable {
    /// By its SHA-256.
    case hash(SHA256Digest)
    /// Not at all: `UNSIGNED-PAYLOAD`.
    case unsignedPayload
    /// Chunk by chunk: `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, or `...-TRAILER`.
    case streamingSigned(trailer: Bool)
    /// Not at all, with a checksum behind it: `STREAMING-UNSIGNED-PAYLOAD-TRAILER`.
    case streamingUnsignedTrailer
    /// By its SHA-256, which the request does not state.
    case absent

    /// Whether the body is framed as aws-chunked.
    public var isChunked: Bool {
        switch self {
        case .streamingSigned, .streamingUnsignedTrailer: true
        case .hash, .unsignedPayload, .absent: false
        }
    }

    /// Reads a value of x-amz-content-sha256.
    init(parsing value: String) throws(SignatureError) {
        switch value {
        case "UNSIGNED-PAYLOAD": self = .unsignedPayload
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": self = .streamingUnsignedTrailer
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": self = .streamingSigned(trailer: false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": self = .streamingSigned(trailer: true)
        case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER":
            throw .signatureVersion4A
        case "STREAMING-AWS4-HMAC-SHA256-EVENTS": throw .eventStreamRefused
        default:
            guard let digest = SHA256Digest(hex: value), value == digest.hex else { throw .malformedContentHash }
            self = .hash(digest)
        }
    }

    /// Appends the last line of a canonical request; `absent` needs the body's own hash.
    func append(to buffer: inout [UInt8], bodyHash: SHA256Digest) {
        switch self {
        case .hash(let digest): digest.appendHex(to: &buffer)
        case .unsignedPayload: buffer.append(contentsOf: "UNSIGNED-PAYLOAD".utf8)
        case .streamingUnsignedTrailer: buffer.append(contentsOf: "STREAMING-UNSIGNED-PAYLOAD-TRAILER".utf8)
        case .streamingSigned(false): buffer.append(contentsOf: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".utf8)
        case .streamingSigned(true): buffer.append(contentsOf: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER".utf8)
        case .absent: bodyHash.appendHex(to: &buffer)
        }
    }
}
