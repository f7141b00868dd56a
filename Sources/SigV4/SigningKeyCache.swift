public import OpenSSL
import Locking

/// An AWS credential to sign with.
public struct Credential: Sendable {
    /// The access key id.
    public let accessKeyID: String
    /// The secret access key.
    public let secret: SecretBytes
    /// The session token of a temporary credential.
    public let sessionToken: String?

    /// Takes the parts as AWS hands them out.
    public init(accessKeyID: String, secret: SecretBytes, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.sessionToken = sessionToken
    }
}

extension Credential: CustomStringConvertible, CustomReflectable {
    /// The access key id alone.
    public var description: String { "<credential \(accessKeyID)>" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Derived signing keys, which are good for a day: a bounded table, shared by threads.
public final class SigningKeyCache: Sendable {
    private struct Name: Hashable {
        let accessKeyID: String
        let scope: CredentialScope
    }

    private struct Entry {
        let secret: SecretBytes
        let key: SigningKey
    }

    private let capacity: Int
    private let entries = Lock<[Name: Entry]>([:])

    /// Keeps at most `capacity` keys, at least one; a full table starts anew.
    public init(capacity: Int = 1024) {
        self.capacity = max(1, capacity)
    }

    /// The signing key of `credential` for `scope`, derived if it is not known yet.
    func key(for credential: Credential, scope: CredentialScope) -> SigningKey {
        let name = Name(accessKeyID: credential.accessKeyID, scope: scope)
        if let entry = entries.withLock({ $0[name] }), entry.secret == credential.secret { return entry.key }
        let key = SigningKey(secret: credential.secret, scope: scope)
        entries.withLock { entries in
            if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
            entries[name] = Entry(secret: credential.secret, key: key)
        }
        return key
    }
}
