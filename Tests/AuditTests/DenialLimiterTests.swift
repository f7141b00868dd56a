import Testing

@testable import Audit

@Suite("Denial limiter")
struct DenialLimiterTests {
    static func denial(_ subject: String = "a") -> EventRecord {
        var call = AuditedCall()
        call.subject = subject
        return EventRecord(.denied, id: .make(), time: .now(), call: call)
    }

    @Test("Records a burst as it is, counts the rest, and loses none")
    func summarises() {
        let start = ContinuousClock.now
        var limiter = DenialLimiter(now: start)
        var recorded = 0
        var summarised = 0
        for index in 0..<1000 {
            for event in limiter.admit(Self.denial("s\(index % 3)"), now: start) {
                #expect(event.event == .denied)
                recorded += 1
            }
        }
        #expect(recorded == 200)
        #expect(limiter.summaries(now: start + .seconds(9), isFinal: false).isEmpty)
        for event in limiter.summaries(now: start + .seconds(10), isFinal: false) {
            #expect(event.event == .summarised)
            summarised += event.repeated ?? 0
        }
        #expect(summarised == 800)
    }

    @Test("Bounds what it remembers; the last count takes the rest")
    func boundsKeys() {
        let start = ContinuousClock.now
        var limiter = DenialLimiter(now: start)
        for index in 0..<5000 { _ = limiter.admit(Self.denial("s\(index)"), now: start) }
        let summaries = limiter.summaries(now: start, isFinal: true)
        #expect(summaries.count == 257)
        #expect(summaries.reduce(0) { $0 + ($1.repeated ?? 0) } == 4800)
    }

    @Test("Admits again as time passes, and never holds back an administrative event")
    func refills() {
        let start = ContinuousClock.now
        var limiter = DenialLimiter(now: start)
        for _ in 0..<201 { _ = limiter.admit(Self.denial(), now: start) }
        let act = EventRecord(.policyLoaded, id: .make(), time: .now())
        #expect(limiter.admit(act, now: start).map(\.event) == [.policyLoaded])
        #expect(limiter.admit(Self.denial(), now: start + .seconds(1)).map(\.event) == [.denied])
    }
}
