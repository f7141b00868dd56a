import COpenSSL

/// AES-256 in Galois/Counter mode (NIST SP 800-38D).
///
/// Key 32 bytes, nonce 12 bytes and never used twice with one key, tag 16 bytes behind the ciphertext.
public enum AES256GCM {
    /// Length of a key in bytes.
    public static let keyLength = 32
    /// Length of a nonce in bytes.
    public static let nonceLength = 12
    /// Length of a tag in bytes.
    public static let tagLength = 16

    /// Encrypts `plaintext` and authenticates it with `aad`; returns ciphertext and tag.
    public static func seal(
        _ plaintext: Span<UInt8>,
        key: Span<UInt8>,
        nonce: Span<UInt8>,
        aad: Span<UInt8>
    ) throws(OpenSSLError) -> [UInt8] {
        try process(plaintext, tag: nil, key: key, nonce: nonce, aad: aad)
    }

    /// Decrypts ciphertext and tag, or throws `authenticationFailed`: no byte of a forged message comes out.
    public static func open(
        _ sealed: Span<UInt8>,
        key: Span<UInt8>,
        nonce: Span<UInt8>,
        aad: Span<UInt8>
    ) throws(OpenSSLError) -> [UInt8] {
        guard sealed.count >= tagLength else { throw .authenticationFailed }
        let length = sealed.count - tagLength
        let tag = sealed.extracting(length..<sealed.count)
        return try process(
            sealed.extracting(0..<length),
            tag: (0..<tagLength).map { tag[$0] },
            key: key,
            nonce: nonce,
            aad: aad
        )
    }

    /// Encrypts (`tag` nil, appended to the result) or decrypts and checks `tag`.
    private static func process(
        _ input: Span<UInt8>,
        tag: [UInt8]?,
        key: Span<UInt8>,
        nonce: Span<UInt8>,
        aad: Span<UInt8>
    ) throws(OpenSSLError) -> [UInt8] {
        guard key.count == keyLength else {
            throw .wrongLength(of: "key", expected: keyLength, actual: key.count)
        }
        guard nonce.count == nonceLength else {
            throw .wrongLength(of: "nonce", expected: nonceLength, actual: nonce.count)
        }
        guard input.count <= Int(Int32.max) - tagLength, aad.count <= Int(Int32.max) else {
            throw .wrongLength(of: "message", expected: Int(Int32.max) - tagLength, actual: input.count)
        }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .draining("EVP_CIPHER_CTX_new") }
        defer { unsafe EVP_CIPHER_CTX_free(context) }

        let encrypting = tag == nil
        var written: Int32 = 0
        let started = unsafe withPointer(to: key) { key, _ in
            unsafe withPointer(to: nonce) { nonce, _ in
                unsafe EVP_CipherInit_ex2(
                    context,
                    Algorithms.shared.aes256GCM,
                    key,
                    nonce,
                    encrypting ? 1 : 0,
                    nil
                )
            }
        }
        guard started == 1 else { throw .draining("EVP_CipherInit_ex2") }
        if !aad.isEmpty {
            let done = unsafe withPointer(to: aad) { aad, count in
                unsafe EVP_CipherUpdate(context, nil, &written, aad, Int32(count))
            }
            guard done == 1 else { throw .draining("EVP_CipherUpdate") }
        }
        var output = [UInt8](repeating: 0, count: input.count + (encrypting ? tagLength : 0))
        if !input.isEmpty {
            let done = unsafe withPointer(to: input) { input, count in
                unsafe EVP_CipherUpdate(context, &output, &written, input, Int32(count))
            }
            guard done == 1, written == Int32(input.count) else { throw .draining("EVP_CipherUpdate") }
        }
        if var tag {
            guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1 else {
                throw .draining("EVP_CTRL_AEAD_SET_TAG")
            }
        }
        var rest = [UInt8](repeating: 0, count: tagLength)
        guard unsafe EVP_CipherFinal_ex(context, &rest, &written) == 1 else {
            let error = OpenSSLError.draining("EVP_CipherFinal_ex")
            throw encrypting ? error : .authenticationFailed
        }
        guard encrypting else { return output }
        guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &rest) == 1 else {
            throw .draining("EVP_CTRL_AEAD_GET_TAG")
        }
        output.replaceSubrange(input.count..., with: rest)
        return output
    }
}
