import Approvals
import OpenSSL
import Testing

@Suite("Call fingerprint")
struct CallFingerprintTests {
    func digest(
        issuer: String = "i",
        subject: String = "s",
        role: String = "r",
        account: String = "1",
        region: String = "e",
        operation: String = "ssm.PutParameter",
        scope: CallFingerprint.Scope = .call(parameters: [1])
    ) -> SHA256Digest {
        CallFingerprint.digest(
            requester: Person(issuer: issuer, subject: subject),
            role: role,
            account: account,
            region: region,
            operation: operation,
            scope: scope
        )
    }

    @Test("Every part counts, and none runs into its neighbour")
    func separates() {
        let all = [
            digest(), digest(issuer: "is", subject: ""), digest(issuer: "", subject: "is"),
            digest(subject: "sr", role: ""),
            digest(role: "r1", account: ""), digest(account: "1e", region: ""), digest(region: "e2"),
            digest(operation: "ssm.DeleteParameter"), digest(scope: .call(parameters: [])),
            digest(scope: .call(parameters: [2])), digest(scope: .resources([])), digest(scope: .resources(["a"])),
            digest(scope: .resources(["a", "b"])), digest(scope: .resources(["ab"])),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test("Is the same for the same call, and does not depend on the order of resources")
    func repeats() {
        #expect(digest() == digest())
        #expect(digest(scope: .resources(["a", "b"])) == digest(scope: .resources(["b", "a"])))
    }

    @Test(
        "Refuses an id of another form",
        arguments: ["", "x", "11111111-1111-7111-8111-11111111111", "11111111+1111-7111-8111-111111111111"]
    )
    func refusesIDs(_ text: String) {
        #expect(ApprovalID(parsing: text) == nil)
    }
}
