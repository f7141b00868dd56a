internal import OpenSSL
internal import Locking

/// The principals of bearer tokens that were verified lately, by the tokens' SHA-256.
///
/// An entry counts until its token ends, and for five minutes at most, so that a key which the issuer takes back is
/// noticed.
final class BearerCache: Sendable {
    private static let longest: Int64 = 300

    private let capacity: Int
    private let entries = Lock<[SHA256Digest: (principal: Principal, until: UnixTime)]>([:])

    init(capacity: Int) {
        self.capacity = capacity
    }

    func principal(_ digest: SHA256Digest, at now: UnixTime) -> Principal? {
        entries.withLock { entries in
            guard let entry = entries[digest], now < entry.until else { return nil }
            // A clock that was set back must not lengthen an entry's life.
            return entry.until.since(now) <= Self.longest ? entry.principal : nil
        }
    }

    func remember(_ principal: Principal, _ digest: SHA256Digest, at now: UnixTime) {
        entries.withLock { entries in
            if entries.count >= capacity {
                entries = entries.filter { now < $0.value.until }
                if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
            }
            entries[digest] = (principal, min(principal.expires, now.adding(Self.longest)))
        }
    }

    var count: Int { entries.withLock(\.count) }
}
