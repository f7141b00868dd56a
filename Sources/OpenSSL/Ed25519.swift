import COpenSSL

/// Ed25519 signatures (RFC 8032).
public enum Ed25519 {
    /// Length of a signature in bytes.
    public static let signatureLength = 64
    /// Length of a raw public or private key in bytes.
    public static let keyLength = 32

    /// A private key.
    public struct PrivateKey: Sendable {
        private let handle: KeyHandle
        /// The public key that belongs to it.
        public let publicKey: PublicKey

        /// Makes a new key from OpenSSL's generator.
        public static func generate() throws(OpenSSLError) -> PrivateKey {
            let raw = try unsafe SecretBytes(count: keyLength) { buffer throws(OpenSSLError) in
                guard unsafe RAND_priv_bytes(buffer.baseAddress, Int32(keyLength)) == 1 else {
                    throw .draining("RAND_priv_bytes")
                }
            }
            return try PrivateKey(raw: raw)
        }

        /// Takes a seed of 32 bytes (RFC 8032 section 5.1.5).
        public init(raw: SecretBytes) throws(OpenSSLError) {
            guard raw.count == keyLength else {
                throw .wrongLength(of: "Ed25519 key", expected: keyLength, actual: raw.count)
            }
            try unsafe self.init(
                KeyHandle(
                    owning: raw.withSpan { span in
                        unsafe withPointer(to: span) { pointer, count in
                            unsafe EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, pointer, count)
                        }
                    },
                    from: "EVP_PKEY_new_raw_private_key_ex"
                )
            )
        }

        /// Reads an unencrypted PKCS#8 PEM (`BEGIN PRIVATE KEY`).
        public init(pem: Span<UInt8>) throws(OpenSSLError) {
            let handle = try unsafe KeyHandle(pem: pem) { bio in
                unsafe PEM_read_bio_PrivateKey_ex(bio, nil, postern_no_password, nil, nil, nil)
            }
            guard handle.isA("ED25519") else { throw .unacceptableKey("not an Ed25519 private key") }
            try self.init(handle)
        }

        private init(_ handle: KeyHandle) throws(OpenSSLError) {
            var raw = [UInt8](repeating: 0, count: keyLength)
            var count = raw.count
            guard unsafe EVP_PKEY_get_raw_public_key(handle.key, &raw, &count) == 1, count == keyLength else {
                throw .draining("EVP_PKEY_get_raw_public_key")
            }
            self.handle = handle
            publicKey = try PublicKey(raw: raw)
        }

        /// Signs `message`; 64 bytes.
        public func sign(_ message: Span<UInt8>) throws(OpenSSLError) -> [UInt8] {
            guard let context = unsafe EVP_MD_CTX_new() else { throw .draining("EVP_MD_CTX_new") }
            defer { unsafe EVP_MD_CTX_free(context) }
            guard unsafe EVP_DigestSignInit_ex(context, nil, nil, nil, nil, handle.key, nil) == 1 else {
                throw .draining("EVP_DigestSignInit_ex")
            }
            var signature = [UInt8](repeating: 0, count: signatureLength)
            var count = signature.count
            let done = unsafe withPointer(to: message) { message, messageCount in
                unsafe EVP_DigestSign(context, &signature, &count, message, messageCount)
            }
            guard done == 1, count == signatureLength else { throw .draining("EVP_DigestSign") }
            return signature
        }

        /// Signs `message`; 64 bytes.
        public func sign(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
            try sign(message.span)
        }

        /// The key as an unencrypted PKCS#8 PEM.
        public func pem() throws(OpenSSLError) -> SecretBytes {
            guard let bio = unsafe BIO_new(BIO_s_secmem()) else { throw .draining("BIO_new") }
            defer { unsafe BIO_free(bio) }
            guard unsafe PEM_write_bio_PrivateKey(bio, handle.key, nil, nil, 0, nil, nil) == 1 else {
                throw .draining("PEM_write_bio_PrivateKey")
            }
            return SecretBytes(unsafe contents(of: bio))
        }
    }

    /// A public key.
    public struct PublicKey: Sendable {
        let handle: KeyHandle
        /// The key's 32 bytes (RFC 8032 section 5.1.5).
        public let raw: [UInt8]

        /// Takes the 32 bytes of a key.
        public init(raw: [UInt8]) throws(OpenSSLError) {
            guard raw.count == keyLength else {
                throw .wrongLength(of: "Ed25519 key", expected: keyLength, actual: raw.count)
            }
            handle = try unsafe KeyHandle(
                owning: unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, raw, raw.count),
                from: "EVP_PKEY_new_raw_public_key_ex"
            )
            self.raw = raw
        }

        /// Reads a SubjectPublicKeyInfo PEM (`BEGIN PUBLIC KEY`).
        public init(pem: Span<UInt8>) throws(OpenSSLError) {
            let handle = try unsafe KeyHandle(pem: pem) { bio in
                unsafe PEM_read_bio_PUBKEY_ex(bio, nil, postern_no_password, nil, nil, nil)
            }
            guard handle.isA("ED25519") else { throw .unacceptableKey("not an Ed25519 public key") }
            var raw = [UInt8](repeating: 0, count: keyLength)
            var count = raw.count
            guard unsafe EVP_PKEY_get_raw_public_key(handle.key, &raw, &count) == 1, count == keyLength else {
                throw .draining("EVP_PKEY_get_raw_public_key")
            }
            self.handle = handle
            self.raw = raw
        }

        /// Whether `signature` was made over `message` by the private key.
        public func verify(_ signature: Span<UInt8>, of message: Span<UInt8>) throws(OpenSSLError) -> Bool {
            guard signature.count == signatureLength else { return false }
            return try handle.verify(signature, of: message, digest: nil)
        }

        /// Whether `signature` was made over `message` by the private key.
        public func verify(_ signature: [UInt8], of message: [UInt8]) throws(OpenSSLError) -> Bool {
            try verify(signature.span, of: message.span)
        }

        /// The key as a SubjectPublicKeyInfo PEM.
        public func pem() throws(OpenSSLError) -> String {
            guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .draining("BIO_new") }
            defer { unsafe BIO_free(bio) }
            guard unsafe PEM_write_bio_PUBKEY(bio, handle.key) == 1 else { throw .draining("PEM_write_bio_PUBKEY") }
            return String(decoding: unsafe contents(of: bio), as: UTF8.self)
        }
    }

    /// Copies what a memory BIO holds.
    private static func contents(of bio: OpaquePointer) -> [UInt8] {
        var start: UnsafeMutablePointer<UInt8>?
        let count = unsafe BIO_ctrl(bio, BIO_CTRL_INFO, 0, &start)
        return unsafe Array(UnsafeBufferPointer(start: start, count: max(0, count)))
    }
}

extension Ed25519.PublicKey: Hashable {
    /// Compares the raw keys.
    public static func == (left: Ed25519.PublicKey, right: Ed25519.PublicKey) -> Bool {
        left.raw == right.raw
    }

    /// Feeds the raw key.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(raw)
    }
}

extension Ed25519.PrivateKey: CustomStringConvertible {
    /// Says that there is a key, not which.
    public var description: String { "<Ed25519 private key>" }
}

extension KeyHandle {
    /// Reads one PEM block with `read`.
    fileprivate convenience init(
        pem: Span<UInt8>,
        _ read: (OpaquePointer) -> OpaquePointer?
    ) throws(OpenSSLError) {
        guard pem.count <= 65_536 else { throw .wrongLength(of: "PEM", expected: 65_536, actual: pem.count) }
        let key = unsafe withPointer(to: pem) { pointer, count -> OpaquePointer? in
            guard let bio = unsafe BIO_new_mem_buf(pointer, Int32(count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            return unsafe read(bio)
        }
        try unsafe self.init(owning: key, from: "PEM_read_bio")
    }
}
