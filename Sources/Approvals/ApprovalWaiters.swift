import Dispatch
import Postgres
import Locking

/// The threads that wait for decisions, woken by the one that listens.
final class ApprovalWaiters: Sendable {
    /// One thread's wait.
    final class Waiter: Sendable {
        private let signal = DispatchSemaphore(value: 0)

        /// Waits; false where nothing happened in time.
        func wait(for limit: Duration) -> Bool {
            let (seconds, attoseconds) = max(.zero, limit).components
            let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
            return signal.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success
        }

        func wake() { signal.signal() }
    }

    private struct State {
        var waiters: [ApprovalID: [Waiter]] = [:]
        var isListening = false
    }

    private let state = Lock(State())

    var isListening: Bool { state.withLock { $0.isListening } }

    func add(_ id: ApprovalID) -> Waiter {
        let waiter = Waiter()
        state.withLock { $0.waiters[id, default: []].append(waiter) }
        return waiter
    }

    func remove(_ waiter: Waiter, of id: ApprovalID) {
        state.withLock { state in
            state.waiters[id]?.removeAll { $0 === waiter }
            if state.waiters[id]?.isEmpty ?? false { state.waiters[id] = nil }
        }
    }

    /// Wakes whom an event concerns: everybody, where events may have been missed.
    func hear(_ event: NotificationListener.Event) {
        let woken = state.withLock { state in
            switch event {
            case .connected:
                state.isListening = true
                return state.waiters.values.flatMap(\.self)
            case .disconnected:
                state.isListening = false
                return []
            case .notification(let notification):
                guard let word = notification.payload.split(separator: " ").first,
                    let id = ApprovalID(parsing: word)
                else { return [] }
                return state.waiters[id] ?? []
            }
        }
        for waiter in woken { waiter.wake() }
    }
}
