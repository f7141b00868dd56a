import OpenSSL

/// The signatures of chunks, each over the one before.
struct ChunkSignatureChain: Sendable {
    private let key: SigningKey
    /// Time and scope, as they stand in every string to sign.
    private let middle: [UInt8]

    init(key: SigningKey, time: SigningTime) {
        var middle: [UInt8] = [0x0a]
        time.append(to: &middle)
        middle.append(0x0a)
        key.scope.append(to: &middle)
        middle.append(0x0a)
        self.key = key
        self.middle = middle
    }

    func signature(ofChunk bytes: [UInt8], after previous: SHA256Digest) -> SHA256Digest {
        var text = Array("AWS4-HMAC-SHA256-PAYLOAD".utf8) + middle
        previous.appendHex(to: &text)
        text.append(0x0a)
        SHA256.ofNothing.appendHex(to: &text)
        text.append(0x0a)
        SHA256.hash(bytes).appendHex(to: &text)
        return key.sign(text)
    }

    func signature(ofTrailers trailers: [Trailer], after previous: SHA256Digest) -> SHA256Digest {
        var lines: [UInt8] = []
        for trailer in trailers { lines.append(contentsOf: "\(trailer.name):\(trailer.value)\n".utf8) }
        var text = Array("AWS4-HMAC-SHA256-TRAILER".utf8) + middle
        previous.appendHex(to: &text)
        text.append(0x0a)
        SHA256.hash(lines).appendHex(to: &text)
        return key.sign(text)
    }
}
