/// Keeps a flood of refusals from becoming a flood of rows, without losing count.
///
/// So many a second are recorded as they are; the rest is counted by what they have in common, and each count becomes a
/// `summarised` event after some seconds. The number of counts is bounded too: the last one takes whatever is left.
struct DenialLimiter {
    static let burst = 200.0
    static let perSecond = 50.0
    static let keyLimit = 256
    static let interval = Duration.seconds(10)

    private struct Key: Hashable {
        var event: EventRecord.Event?
        var issuer = ""
        var subject = ""
        var sourceIP: String?
        var operation: String?
        var errorCode: String?
    }

    private var tokens = burst
    private var lastRefill: ContinuousClock.Instant
    private var lastSummary: ContinuousClock.Instant
    private var counts: [Key: Int] = [:]

    init(now: ContinuousClock.Instant) {
        lastRefill = now
        lastSummary = now
    }

    /// What to record instead of `event`: itself, nothing, and counts that are due.
    mutating func admit(_ event: EventRecord, now: ContinuousClock.Instant) -> [EventRecord] {
        var events = summaries(now: now, isFinal: false)
        guard Self.isLimited(event.event) else { return events + [event] }
        let (seconds, attoseconds) = lastRefill.duration(to: now).components
        tokens = min(Self.burst, tokens + (Double(seconds) + Double(attoseconds) / 1e18) * Self.perSecond)
        lastRefill = now
        if tokens >= 1 {
            tokens -= 1
            events.append(event)
            return events
        }
        var key = Key(
            event: event.event,
            issuer: event.call?.issuer ?? "",
            subject: event.call?.subject ?? "",
            sourceIP: event.call?.sourceIP,
            operation: event.call?.operation,
            errorCode: event.errorCode
        )
        if counts[key] == nil, counts.count >= Self.keyLimit { key = Key() }
        counts[key, default: 0] += 1
        return events
    }

    /// The counts as events, where they are due.
    mutating func summaries(now: ContinuousClock.Instant, isFinal: Bool) -> [EventRecord] {
        guard !counts.isEmpty, isFinal || lastSummary.duration(to: now) >= Self.interval else {
            if counts.isEmpty { lastSummary = now }
            return []
        }
        defer {
            counts = [:]
            lastSummary = now
        }
        let time = AuditTime.now()
        return counts.map { key, count in
            var call = AuditedCall()
            call.issuer = key.issuer
            call.subject = key.subject
            call.sourceIP = key.sourceIP
            call.operation = key.operation
            var event = EventRecord(.summarised, id: .make(at: time), time: time, call: call)
            event.message = "more refusals than are recorded one by one: \(key.event?.rawValue ?? "various")"
            event.errorCode = key.errorCode
            event.repeated = count
            return event
        }
    }

    private static func isLimited(_ event: EventRecord.Event) -> Bool {
        switch event {
        case .denied, .authenticationFailed, .approvalPending: true
        default: false
        }
    }
}
