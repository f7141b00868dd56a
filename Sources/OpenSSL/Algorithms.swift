import COpenSSL

/// The algorithms in use, each fetched once: fetching costs more than hashing a small message.
///
/// `@unchecked Sendable`: the pointers are constants, and every call takes them as `const` objects that it does not
/// modify, which openssl-threads(7) states as thread-safe.
@safe
final class Algorithms: @unchecked Sendable {
    static let shared = Algorithms()

    /// SHA-256 (`EVP_MD`).
    let sha256: OpaquePointer
    /// Digests of others' choice (`EVP_MD`); nil where no provider has one.
    let md5: OpaquePointer?
    /// SHA-1, likewise.
    let sha1: OpaquePointer?
    /// SHA-512, likewise.
    let sha512: OpaquePointer?
    /// AES-256-GCM (`EVP_CIPHER`).
    let aes256GCM: OpaquePointer
    /// HKDF (`EVP_KDF`).
    let hkdf: OpaquePointer
    /// HMAC over SHA-256 without a key (`EVP_MAC_CTX`), to be duplicated and keyed.
    let hmacSHA256: OpaquePointer

    private init() {
        guard let sha256 = unsafe EVP_MD_fetch(nil, "SHA2-256", nil),
            let aes256GCM = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil),
            let hkdf = unsafe EVP_KDF_fetch(nil, "HKDF", nil),
            let mac = unsafe EVP_MAC_fetch(nil, "HMAC", nil),
            let hmac = unsafe EVP_MAC_CTX_new(mac)
        else { fatalError("OpenSSL lacks a needed algorithm: \(drainErrorQueue())") }
        unsafe EVP_MAC_free(mac)
        guard unsafe postern_hmac_use_sha256(hmac) == 1 else {
            fatalError("OpenSSL lacks HMAC-SHA256: \(drainErrorQueue())")
        }
        unsafe self.sha256 = sha256
        unsafe md5 = EVP_MD_fetch(nil, "MD5", nil)
        unsafe sha1 = EVP_MD_fetch(nil, "SHA1", nil)
        unsafe sha512 = EVP_MD_fetch(nil, "SHA2-512", nil)
        // A missing one is no error that anybody has to read.
        _ = drainErrorQueue()
        unsafe self.aes256GCM = aes256GCM
        unsafe self.hkdf = hkdf
        unsafe hmacSHA256 = hmac
    }
}
