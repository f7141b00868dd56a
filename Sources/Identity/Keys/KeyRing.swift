public import OpenSSL

/// The secret keys that the nodes of one site share.
///
/// Each key is 32 random bytes under an id of four Base32 digits; what is used is derived from it by HKDF-SHA256, one
/// subkey a purpose. A new key activates after the file had time to reach every node, and an old one retires once
/// nothing that it made can still be in use.
public struct KeyRing: Sendable {
    /// What a subkey is for; the raw value is HKDF's info.
    public enum Purpose: String, Sendable, Hashable, CaseIterable {
        case sessionSeal = "postern session seal 1"
        case sessionSecret = "postern session secret 1"
        case identityAssertion = "postern identity assertion 1"
        case consoleCookie = "postern console cookie 1"
        case maskingFingerprint = "postern masking fingerprint 1"
    }

    /// One key of the ring.
    public struct Key: Sendable {
        /// Four Base32 digits, unique in the ring.
        public let id: String
        /// When it was made.
        public let created: UnixTime
        /// From when it makes new sessions and assertions.
        public let activates: UnixTime
        /// From when nothing that it made counts any more; nil while it is the newest.
        public let retires: UnixTime?
        let material: SecretBytes
        private let subkeys: [Purpose: SecretBytes]

        init(
            id: String,
            created: UnixTime,
            activates: UnixTime,
            retires: UnixTime?,
            material: SecretBytes
        ) throws(KeyRingError) {
            guard id.utf8.count == 4, id.utf8.allSatisfy(Base32.isDigit), material.count == 32 else {
                throw .malformed
            }
            var subkeys: [Purpose: SecretBytes] = [:]
            for purpose in Purpose.allCases {
                subkeys[purpose] = try Self.derive(purpose, from: material)
            }
            self.id = id
            self.created = created
            self.activates = activates
            self.retires = retires
            self.material = material
            self.subkeys = subkeys
        }

        /// The subkey of 32 bytes for one purpose.
        public func subkey(_ purpose: Purpose) -> SecretBytes {
            guard let subkey = subkeys[purpose] else { preconditionFailure("every purpose has a subkey") }
            return subkey
        }

        private static func derive(_ purpose: Purpose, from material: SecretBytes) throws(KeyRingError) -> SecretBytes {
            let info = Array(purpose.rawValue.utf8)
            let salt: [UInt8] = []
            do throws(OpenSSLError) {
                return try material.withSpan { input throws(OpenSSLError) in
                    try HKDFSHA256.derive(from: input, salt: salt.span, info: info.span, count: 32)
                }
            } catch {
                throw .cryptography(error)
            }
        }

        func retiring(at moment: UnixTime) throws(KeyRingError) -> Key {
            try Key(id: id, created: created, activates: activates, retires: moment, material: material)
        }
    }

    /// The keys, the newest first.
    public let keys: [Key]

    init(keys: [Key]) throws(KeyRingError) {
        guard !keys.isEmpty, keys.count <= 64, Set(keys.map(\.id)).count == keys.count else { throw .malformed }
        self.keys = keys.sorted { $0.activates > $1.activates }
    }

    /// Makes a ring with one key that is active at once.
    public static func generate(at now: UnixTime) throws(KeyRingError) -> KeyRing {
        try KeyRing(keys: [try makeKey(created: now, activates: now, avoiding: [])])
    }

    /// Adds a key that activates `spread` seconds from now, and retires the others `overlap` seconds after that.
    ///
    /// `spread` is the time in which every node has the new file; `overlap` must be at least the longest session.
    /// Keys that have retired are dropped.
    public func rotated(at now: UnixTime, spread: Int64, overlap: Int64) throws(KeyRingError) -> KeyRing {
        let activates = now.adding(max(0, spread))
        var kept: [Key] = []
        for key in keys {
            if let retires = key.retires {
                if retires > now { kept.append(key) }
            } else {
                kept.append(try key.retiring(at: activates.adding(max(0, overlap))))
            }
        }
        let fresh = try Self.makeKey(created: now, activates: activates, avoiding: Set(kept.map(\.id)))
        return try KeyRing(keys: [fresh] + kept)
    }

    /// The key that makes new sessions and assertions at `now`.
    public func activeKey(at now: UnixTime) throws(KeyRingError) -> Key {
        guard let key = keys.first(where: { $0.activates <= now && $0.counts(at: now) }) else { throw .noActiveKey }
        return key
    }

    /// The key with this id, unless it has retired by `now`.
    public func key(id: some StringProtocol, at now: UnixTime) -> Key? {
        keys.first { $0.id == id && $0.counts(at: now) }
    }

    private static func makeKey(
        created: UnixTime,
        activates: UnixTime,
        avoiding taken: Set<String>
    ) throws(KeyRingError) -> Key {
        let material: SecretBytes
        var id = ""
        do throws(OpenSSLError) {
            material = SecretBytes(try RandomBytes.make(count: 32))
            repeat {
                id = String(Base32.encode(try RandomBytes.make(count: 3)).prefix(4))
            } while taken.contains(id)
        } catch {
            throw .cryptography(error)
        }
        return try Key(id: id, created: created, activates: activates, retires: nil, material: material)
    }
}

extension KeyRing.Key {
    fileprivate func counts(at now: UnixTime) -> Bool {
        retires.map { now < $0 } ?? true
    }
}

/// Why a key ring was refused.
public enum KeyRingError: Error, Sendable, Equatable {
    case file(FileError)
    /// Not a ring: see `KeyRing.init(parsing:)` for its form.
    case malformed
    /// No key is active at this moment.
    case noActiveKey
    case cryptography(OpenSSLError)
}
