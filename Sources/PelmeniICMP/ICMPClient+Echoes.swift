import Pelmeni
internal import Synchronization

extension ICMPClient {
    /// The echoes of a session that are out.
    public struct Echoes: Sendable {
        /// Echoes out at once; the next one takes the place of the oldest.
        public static let countMax = 64

        var version = ICMPEcho.Version.v4
        let identifier: UInt16
        /// Of the last echo.
        private(set) var sequence: UInt16
        /// A timer is set.
        var isTimed = false
        /// When the echo of each place was sent, in nanoseconds; 0 is none.
        private var sentAt = InlineArray<64, UInt64>(repeating: 0)

        /// Every raw socket of a host gets all of its answers, so no two sessions of the process
        /// may have the same numbers.
        init() {
            let number = Self.sessions.wrappingAdd(1, ordering: .relaxed).newValue
            identifier = UInt16(truncatingIfNeeded: number)
            sequence = UInt16(truncatingIfNeeded: number >> 16)
        }

        /// It begins anywhere: other processes may ask the same host.
        private static let sessions = Atomic<UInt32>(.random(in: 0 ... .max))

        /// The next echo is sent. True if it takes the place of one that is still out.
        mutating func add(now: UInt64) -> Bool {
            sequence &+= 1
            let place = Int(sequence) % Self.countMax
            let isTaken = sentAt[place] != 0
            sentAt[place] = max(1, now)
            return isTaken
        }

        /// Takes the place of an answer's echo. False for one that is not out any more: one that
        /// is too old stays until it is counted.
        mutating func take(_ sequence: UInt16, now: UInt64, _ patience: Duration) -> Bool {
            let behind = self.sequence &- sequence
            guard behind < UInt16(Self.countMax) else { return false }
            let place = Int(sequence) % Self.countMax
            guard isOut(place, now, patience) else { return false }
            sentAt[place] = 0
            return true
        }

        /// Takes the places of echoes that are too old. Their number.
        mutating func expire(now: UInt64, _ patience: Duration) -> Int {
            var count = 0
            for place in 0..<Self.countMax
            where sentAt[place] != 0 && !isOut(place, now, patience) {
                sentAt[place] = 0
                count += 1
            }
            return count
        }

        /// How long it is until the oldest echo is too old; nil when none is out.
        func wait(now: UInt64, _ patience: Duration) -> Duration? {
            var oldest = UInt64.max
            for place in 0..<Self.countMax where sentAt[place] != 0 {
                oldest = min(oldest, sentAt[place])
            }
            guard oldest != .max else { return nil }
            // An age of just this time is not too old yet.
            return max(.zero, patience - .nanoseconds(now &- oldest)) + .nanoseconds(1)
        }

        private func isOut(_ place: Int, _ now: UInt64, _ patience: Duration) -> Bool {
            sentAt[place] != 0 && Duration.nanoseconds(now &- sentAt[place]) <= patience
        }
    }
}
