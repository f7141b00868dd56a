import OpenSSL
import Policy
import Locking

/// A value that every call reads and a reload replaces as a whole.
final class InForce<Value: Sendable>: Sendable {
    private let value: Lock<Value>

    init(_ value: Value) {
        self.value = Lock(value)
    }

    var current: Value { value.withLock { $0 } }

    func replace(with new: Value) {
        value.withLock { $0 = new }
    }
}

/// A policy and its hash, which every record of a call names.
struct PolicyVersion: Sendable {
    let policy: PolicySet
    let hash: SHA256Digest

    init(_ policy: PolicySet) {
        self.policy = policy
        hash = SHA256.hash(policy.identityBytes)
    }
}
