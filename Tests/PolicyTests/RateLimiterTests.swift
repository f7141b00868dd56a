import Policy
import Testing

@Suite("Limits")
struct RateLimiterTests {
    private static let limit = LimitTerms(id: 0, calls: 10, period: 60, subject: .principal)

    @Test("Admits as many calls as the limit says, then says when to come back")
    func admits() {
        var window = RateWindow(now: 100)
        for call in 0..<10 { #expect(window.admit(calls: 10, period: 60, now: 100 + Double(call)) == nil) }
        #expect(window.admit(calls: 10, period: 60, now: 110) == 50)
        #expect(window.admit(calls: 10, period: 60, now: 159.5) == 1)
    }

    @Test("Does not give a second share at the turn of a period")
    func turn() {
        var window = RateWindow(now: 0)
        for _ in 0..<10 { #expect(window.admit(calls: 10, period: 60, now: 59) == nil) }
        #expect(window.admit(calls: 10, period: 60, now: 60) != nil)
        // Half of the old count has faded after half a period.
        let admitted = (0..<10).filter { _ in window.admit(calls: 10, period: 60, now: 90) == nil }
        #expect(admitted.count == 5)
    }

    @Test("Starts afresh after two periods")
    func afresh() {
        var window = RateWindow(now: 0)
        for _ in 0..<10 { #expect(window.admit(calls: 10, period: 60, now: 0) == nil) }
        for _ in 0..<10 { #expect(window.admit(calls: 10, period: 60, now: 130) == nil) }
        #expect(window.admit(calls: 10, period: 60, now: 130) != nil)
    }

    @Test("Waiting as long as told is enough", arguments: 0..<50)
    func waiting(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var window = RateWindow(now: 0)
        var now = 0.0
        for _ in 0..<200 {
            now += Double.random(in: 0...8, using: &random)
            guard let wait = window.admit(calls: 7, period: 30, now: now) else { continue }
            #expect((1...30).contains(wait))
            now += Double(wait)
            #expect(window.admit(calls: 7, period: 30, now: now) == nil)
        }
    }

    @Test("A clock that goes back traps nothing")
    func backwards() {
        var window = RateWindow(now: 1e9)
        _ = window.admit(calls: 1, period: 1, now: 0)
        #expect(window.admit(calls: 1, period: 1, now: -1e9) != nil)
    }

    @Test("Counts each subject on its own")
    func subjects() {
        var limiter = RateLimiter()
        for subject in ["a", "b"] {
            for _ in 0..<10 { #expect(limiter.admit([.init(limit: Self.limit, subject: subject)], now: 0) == nil) }
            #expect(limiter.admit([.init(limit: Self.limit, subject: subject)], now: 0) == 60)
        }
    }

    @Test("A call that one limit refuses is not counted by the others")
    func several() {
        let narrow = LimitTerms(id: 1, calls: 1, period: 60, subject: .role)
        let wide = RateLimiter.Key(limit: Self.limit, subject: "a")
        var limiter = RateLimiter()
        #expect(limiter.admit([wide, .init(limit: narrow, subject: "r")], now: 0) == nil)
        for _ in 0..<20 { #expect(limiter.admit([wide, .init(limit: narrow, subject: "r")], now: 0) != nil) }
        for _ in 0..<9 { #expect(limiter.admit([wide], now: 0) == nil) }
        #expect(limiter.admit([wide], now: 0) != nil)
    }

    @Test("Divides a limit among the processes that share it, down to one call")
    func share() {
        var limiter = RateLimiter(share: 4)
        let key = RateLimiter.Key(limit: Self.limit, subject: "a")
        #expect((0..<10).filter { _ in limiter.admit([key], now: 0) == nil }.count == 2)
        var many = RateLimiter(share: 1000)
        #expect((0..<10).filter { _ in many.admit([key], now: 0) == nil }.count == 1)
    }

    @Test("Refuses new subjects when it is full, until old ones are idle")
    func full() {
        var limiter = RateLimiter(capacity: 2)
        func admit(_ subject: String, _ now: Double) -> Int? {
            limiter.admit([.init(limit: Self.limit, subject: subject)], now: now)
        }
        #expect(admit("a", 0) == nil)
        #expect(admit("b", 0) == nil)
        #expect(admit("c", 1) == 1)
        #expect(admit("a", 1) == nil)
        #expect(admit("c", 121) == nil)
    }
}
