import HTTPTypes
import OpenSSL
import Locking

/// Remembers the signed requests of this process, so that none is carried out twice.
///
/// For calls that change something: SDKs may send an equal read twice within one second, and a presigned URL is meant
/// to be used again. A retry of an SDK is a new request: its attempt number is in `amz-sdk-request`, whether it was
/// signed again or not. Shared by threads; a process knows nothing of its neighbours.
public final class ReplayGuard: Sendable {
    /// The requests that expire within one span of time.
    private struct Generation {
        var until: Int64
        var seen: Set<SHA256Digest> = []
    }

    private let capacity: Int
    private let allowedSkew: Int64
    /// Length of a generation in seconds.
    private let span: Int64
    private let generations = Lock<[Generation]>([])

    /// Remembers up to `capacity` requests, each for as long as its signature would be accepted again.
    ///
    /// `allowedSkew` is the verifier's, in seconds. A full memory refuses rather than forgets.
    public init(capacity: Int = 1_000_000, allowedSkew: Int64 = 900) {
        self.capacity = max(1, capacity)
        self.allowedSkew = max(0, allowedSkew)
        span = max(1, allowedSkew / 4)
    }

    /// Admits a verified request once; throws `replayed` the next time, or `replayMemoryFull`.
    public func admit(_ verified: VerifiedSignature, now: SigningTime) throws(SignatureError) {
        let claim = verified.claim
        guard claim.form == .header else { return }
        var name = claim.signature.bytes
        for field in claim.request.headerFields
        where field.name == .amzSDKInvocationID || field.name == .amzSDKRequest {
            name.append(0x0a)
            name.append(contentsOf: field.value.utf8)
        }
        let digest = SHA256.hash(name)
        // The last second at which the signature passes, rounded up to the end of its generation.
        let until = (claim.time.advanced(by: allowedSkew).secondsSince1970 / span + 1) * span
        let admitted: Result<Void, SignatureError> = generations.withLock { generations in
            generations.removeAll { $0.until < now.secondsSince1970 }
            let index: Int
            if let found = generations.firstIndex(where: { $0.until == until }) {
                index = found
            } else {
                index = generations.count
                generations.append(Generation(until: until))
            }
            if generations[index].seen.contains(digest) { return .failure(.replayed) }
            guard generations.reduce(0, { $0 + $1.seen.count }) < capacity else { return .failure(.replayMemoryFull) }
            generations[index].seen.insert(digest)
            return .success(())
        }
        try admitted.get()
    }
}
