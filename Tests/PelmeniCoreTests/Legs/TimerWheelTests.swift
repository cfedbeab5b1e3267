import PelmeniTesting
import Testing

@testable import PelmeniCore

@Suite struct TimerWheelTests {
    private static let timers = 40
    private static let start: UInt64 = 123_456_789_000
    /// The longest delay of a timer: one tick, as its time is rounded up to the next.
    private static let tick: UInt64 = 1 << 23

    private func withWheel(_ body: (inout TimerWheel) -> Void) {
        guard var wheel = TimerWheel(capacity: Self.timers, now: Self.start) else {
            Issue.record("no memory for a wheel")
            return
        }
        body(&wheel)
        wheel.destroy()
    }

    /// Against a dictionary of deadlines: no timer early, later than a tick, or lost, and the sleep
    /// that the wheel advises never misses one.
    @Test(arguments: Array(UInt64(1)...12)) func agreesWithANaiveModel(seed: UInt64) {
        withWheel { wheel in
            var random = SeededRandom(seed: seed)
            var model: [SessionID: UInt64] = [:]
            var now = Self.start
            let reach = random.pick([1_000_000_000, 60_000_000_000, 4_000_000_000_000])
            for step in 0..<4000 {
                switch random.below(4) {
                case 0, 1:
                    let timer = SessionID(UInt32(random.below(Self.timers)))
                    let time = now + UInt64(random.below(reach))
                    wheel.hasten(timer, to: time)
                    model[timer] = min(model[timer] ?? .max, time)
                case 2:
                    let timer = SessionID(UInt32(random.below(Self.timers)))
                    wheel.remove(timer)
                    model[timer] = nil
                default:
                    let next = wheel.nextTime()
                    let earliest = model.values.min() ?? .max
                    #expect(next <= max(earliest, now) &+ Self.tick || earliest == .max)
                    now += UInt64(random.below(random.below(8) == 0 ? reach : reach / 100))
                    while let timer = wheel.popDue(now: now) {
                        let due = model.removeValue(forKey: timer)
                        #expect(due != nil && (due ?? 0) <= now, "seed \(seed), step \(step)")
                    }
                    let late = model.filter { $0.value + Self.tick < now }
                    #expect(late.isEmpty, "seed \(seed), step \(step)")
                }
            }
            #expect((wheel.nextTime() == .max) == model.isEmpty, "seed \(seed)")
        }
    }

    /// As in the worker: asleep exactly as long as the wheel says.
    @Test(arguments: [UInt64(1), 2, 3]) func sleepingAsAdvisedMissesNothing(seed: UInt64) {
        withWheel { wheel in
            var random = SeededRandom(seed: seed)
            var due: [SessionID: UInt64] = [:]
            for timer in (0..<UInt32(Self.timers)).map({ SessionID($0) }) {
                let time = Self.start + UInt64(random.below(100_000_000_000_000))
                wheel.hasten(timer, to: time)
                due[timer] = time
            }
            var wakes = 0
            while wheel.nextTime() != .max {
                let now = wheel.nextTime()
                while let timer = wheel.popDue(now: now) {
                    let time = due.removeValue(forKey: timer) ?? 0
                    #expect(time <= now && now - time <= 2 * Self.tick, "seed \(seed)")
                }
                wakes += 1
                guard wakes < 100_000 else { break }
            }
            #expect(due.isEmpty)
            #expect(wakes < 40 * Self.timers, "\(wakes) wakes")
        }
    }

    @Test func aLaterTimeMovesNothing() {
        withWheel { wheel in
            wheel.hasten(SessionID(3), to: Self.start + 1_000_000_000)
            wheel.hasten(SessionID(3), to: Self.start + 9_000_000_000)
            #expect(wheel.popDue(now: Self.start + 1_100_000_000) == SessionID(3))
            #expect(wheel.popDue(now: Self.start + 9_100_000_000) == nil)
        }
    }
}
