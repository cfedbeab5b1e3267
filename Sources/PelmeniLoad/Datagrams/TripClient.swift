/// What a ``TripWorker`` knows of one client.
struct TripClient {
    /// So many questions back it is known what became of them.
    private static let memory: UInt64 = 64

    var socket: Int32 = -1
    /// Of the last question.
    private(set) var sequence: UInt64 = 0
    private(set) var isWaiting = false
    /// When it was sent.
    private(set) var since: UInt64 = 0
    private var isLeft = false
    /// Has had an answer.
    var isTried = false
    /// Of the questions before the last one, the latest in the lowest bit: those that were given up
    /// and have not come since.
    private var givenUp: UInt64 = 0

    enum Answer: Equatable {
        case awaited
        /// To a question that was given up.
        case late
        /// To one that was answered before.
        case repeated
        /// To one that was never sent.
        case unknown
    }

    /// A new question; the one before was answered, or has been given up.
    mutating func ask(_ now: UInt64) {
        givenUp = givenUp << 1 | (isWaiting ? 1 : 0)
        sequence += 1
        isWaiting = true
        since = now
    }

    /// The last question is given up, and no other one is asked.
    mutating func leave() {
        isWaiting = false
        isLeft = true
    }

    mutating func take(_ answered: UInt64) -> Answer {
        guard answered >= 1, answered <= sequence else { return .unknown }
        if answered == sequence {
            defer { isWaiting = false }
            return isWaiting ? .awaited : isLeft ? .late : .repeated
        }
        let age = sequence - answered
        guard age <= Self.memory else { return .late }
        let bit: UInt64 = 1 << (age - 1)
        guard givenUp & bit != 0 else { return .repeated }
        givenUp &= ~bit
        return .late
    }
}
