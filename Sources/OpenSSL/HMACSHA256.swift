import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
public enum HMACSHA256 {
    /// Authenticates `message` under `key` of any length.
    public static func authenticate(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        guard let context = unsafe EVP_MAC_CTX_dup(Algorithms.shared.hmacSHA256) else {
            fatalError("HMAC failed: \(drainErrorQueue())")
        }
        defer { unsafe EVP_MAC_CTX_free(context) }
        let keyed = unsafe withPointer(to: key) { pointer, count in
            unsafe EVP_MAC_init(context, pointer, count, nil)
        }
        let updated = unsafe withPointer(to: message) { pointer, count in
            unsafe EVP_MAC_update(context, pointer, count)
        }
        var output = digest.mutableSpan
        let finished = unsafe output.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_MAC_final(context, buffer.baseAddress, nil, buffer.count)
        }
        guard keyed == 1, updated == 1, finished == 1 else { fatalError("HMAC failed: \(drainErrorQueue())") }
        return SHA256Digest(octets: digest)
    }

    /// Authenticates `message` under `key` of any length.
    public static func authenticate(key: [UInt8], message: [UInt8]) -> SHA256Digest {
        authenticate(key: key.span, message: message.span)
    }

    /// Authenticates `message` under a secret key.
    public static func authenticate(key: SecretBytes, message: Span<UInt8>) -> SHA256Digest {
        key.withSpan { authenticate(key: $0, message: message) }
    }
}

/// HKDF with SHA-256 (RFC 5869).
public enum HKDFSHA256 {
    /// Derives `count` bytes, 1 to 8,160.
    public static func derive(
        from input: Span<UInt8>,
        salt: Span<UInt8>,
        info: Span<UInt8>,
        count: Int
    ) throws(OpenSSLError) -> SecretBytes {
        guard (1...8160).contains(count) else {
            throw .wrongLength(of: "derived key", expected: 8160, actual: count)
        }
        guard let context = unsafe EVP_KDF_CTX_new(Algorithms.shared.hkdf) else { throw .draining("EVP_KDF_CTX_new") }
        defer { unsafe EVP_KDF_CTX_free(context) }
        return try unsafe withPointer(to: input) { input, inputCount throws(OpenSSLError) in
            try unsafe withPointer(to: salt) { salt, saltCount throws(OpenSSLError) in
                try unsafe withPointer(to: info) { info, infoCount throws(OpenSSLError) in
                    try unsafe SecretBytes(count: count) { output throws(OpenSSLError) in
                        let done = unsafe postern_hkdf_sha256(
                            context,
                            input,
                            inputCount,
                            salt,
                            saltCount,
                            info,
                            infoCount,
                            output.baseAddress,
                            output.count
                        )
                        guard done == 1 else { throw .draining("EVP_KDF_derive") }
                    }
                }
            }
        }
    }
}
