import HTTPTypes
import OpenSSL
import SigV4
import Testing

@Suite("Replay guard")
struct ReplayGuardTests {
    static func verified(
        _ target: String = "/",
        invocation: String? = nil,
        attempt: String? = nil,
        at time: SigningTime = S3Example.time
    ) throws -> VerifiedSignature {
        var request = HTTPRequest(method: .post, scheme: "https", authority: "h", path: target)
        try RequestSigner().sign(
            &request,
            with: S3Example.credential,
            region: "us-east-1",
            service: "ssm",
            payload: .hash(SHA256.ofNothing),
            now: time
        )
        request.headerFields[try name("amz-sdk-invocation-id")] = invocation
        request.headerFields[try name("amz-sdk-request")] = attempt
        let claim = try #require(try SignatureClaim.parse(request))
        return try claim.verify(secret: S3Example.credential.secret, bodyHash: SHA256.ofNothing, now: time)
    }

    @Test("Admits a request once, as long as its signature is good", arguments: [0, 1, 900] as [Int64])
    func admitsOnce(_ later: Int64) throws {
        let guardian = ReplayGuard()
        let verified = try ReplayGuardTests.verified()
        try guardian.admit(verified, now: S3Example.time)
        #expect(throws: SignatureError.replayed) {
            try guardian.admit(verified, now: S3Example.time.advanced(by: later))
        }
    }

    @Test("Remembers a request that was signed in the future until its own end")
    func remembersFuture() throws {
        let guardian = ReplayGuard()
        let verified = try ReplayGuardTests.verified(at: S3Example.time.advanced(by: 900))
        try guardian.admit(verified, now: S3Example.time)
        #expect(throws: SignatureError.replayed) {
            try guardian.admit(verified, now: S3Example.time.advanced(by: 1800))
        }
    }

    @Test("Admits another request, another call of an SDK and its next attempt")
    func admitsOthers() throws {
        let guardian = ReplayGuard()
        try guardian.admit(ReplayGuardTests.verified(), now: S3Example.time)
        try guardian.admit(ReplayGuardTests.verified("/b"), now: S3Example.time)
        for invocation in ["a", "b"] {
            for attempt in ["attempt=1", "attempt=2; max=3"] {
                let verified = try ReplayGuardTests.verified(invocation: invocation, attempt: attempt)
                try guardian.admit(verified, now: S3Example.time)
                #expect(throws: SignatureError.replayed) { try guardian.admit(verified, now: S3Example.time) }
            }
        }
    }

    @Test("Refuses what it cannot remember, and forgets what has expired")
    func isBounded() throws {
        let guardian = ReplayGuard(capacity: 3)
        for number in 0..<3 { try guardian.admit(ReplayGuardTests.verified("/\(number)"), now: S3Example.time) }
        let fourth = try ReplayGuardTests.verified("/3")
        #expect(throws: SignatureError.replayMemoryFull) { try guardian.admit(fourth, now: S3Example.time) }
        let first = try ReplayGuardTests.verified("/0")
        #expect(throws: SignatureError.replayed) { try guardian.admit(first, now: S3Example.time) }
        let later = S3Example.time.advanced(by: 1300)
        try guardian.admit(ReplayGuardTests.verified("/4", at: later), now: later)
    }

    @Test("Lets a presigned URL be used again")
    func ignoresPresigned() throws {
        let guardian = ReplayGuard()
        let verified = try S3Example.verify(VerificationTests.presignedRequest())
        try guardian.admit(verified, now: S3Example.time)
        try guardian.admit(verified, now: S3Example.time)
    }

    @Test("Admits one of many threads that bring the same request")
    func isShared() async throws {
        let guardian = ReplayGuard()
        let verified = try ReplayGuardTests.verified()
        let admitted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask { (try? guardian.admit(verified, now: S3Example.time)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(admitted == 1)
    }
}
