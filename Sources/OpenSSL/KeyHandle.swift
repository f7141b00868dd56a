import COpenSSL

/// An `EVP_PKEY`, freed once.
///
/// `@unchecked Sendable`: the key is complete when it gets here and is never modified again. openssl-threads(7):
/// "Objects are thread-safe as long as the API's being invoked don't modify the object", and each signature uses an
/// `EVP_MD_CTX` of its own.
@safe
final class KeyHandle: @unchecked Sendable {
    let key: OpaquePointer

    /// Takes ownership of `key`.
    init(owning key: OpaquePointer?, from call: String) throws(OpenSSLError) {
        guard let key = unsafe key else { throw .draining(call) }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Whether the key is of OpenSSL's type `name`.
    func isA(_ name: String) -> Bool {
        unsafe EVP_PKEY_is_a(key, name) == 1
    }

    /// Checks `signature` of `message`; `digest` is nil for EdDSA.
    ///
    /// Any failure counts as a signature that does not fit.
    func verify(
        _ signature: Span<UInt8>,
        of message: Span<UInt8>,
        digest: String?,
        pss: Bool = false
    ) throws(OpenSSLError) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .draining("EVP_MD_CTX_new") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard unsafe EVP_DigestVerifyInit_ex(context, &parameters, digest, nil, nil, key, nil) == 1 else {
            throw .draining("EVP_DigestVerifyInit_ex")
        }
        if pss {
            guard unsafe EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1,
                unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1
            else { throw .draining("EVP_PKEY_CTX_set_rsa_pss_saltlen") }
        }
        let outcome = unsafe withPointer(to: signature) { signature, signatureCount in
            unsafe withPointer(to: message) { message, messageCount in
                unsafe EVP_DigestVerify(context, signature, signatureCount, message, messageCount)
            }
        }
        drainErrorQueue()
        return outcome == 1
    }

    /// Checks that the public part is sound: a point on its curve, a modulus that is no prime.
    func checkPublicPart() throws(OpenSSLError) {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else {
            throw .draining("EVP_PKEY_CTX_new_from_pkey")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_public_check(context) == 1 else {
            throw .unacceptableKey(drainErrorQueue())
        }
    }
}
