/// The row of a client in a ``TripWorker``.
struct TripClient {
    /// The number of earlier questions whose fate is remembered.
    private static let memory: UInt64 = 64

    var socket: Int32 = -1
    /// The number of the last question.
    private(set) var sequence: UInt64 = 0
    private(set) var isWaiting = false
    /// The time at which it was sent.
    private(set) var since: UInt64 = 0
    private var isLeft = false
    /// The client has had an answer.
    var isTried = false
    /// The earlier questions that were given up and are still unanswered, the latest in the lowest
    /// bit.
    private var givenUp: UInt64 = 0

    enum Answer: Equatable {
        case awaited
        /// An answer to a given-up question.
        case late
        /// A second answer.
        case repeated
        /// An answer to a question that was never sent.
        case unknown
    }

    /// A new question; the one before was answered or given up.
    mutating func ask(_ now: UInt64) {
        givenUp = givenUp << 1 | (isWaiting ? 1 : 0)
        sequence += 1
        isWaiting = true
        since = now
    }

    /// Gives the last question up, without another one.
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
