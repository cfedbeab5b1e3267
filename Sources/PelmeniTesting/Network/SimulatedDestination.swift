/// An upstream address and its answer to a connect.
package struct SimulatedDestination: Sendable {
    package enum Mood: UInt8, Sendable {
        case accepts
        case refuses
        case unreachable
        case timesOut
        /// Never answers.
        case silent
        /// A Unix socket whose queue is full most of the time.
        case busy
        /// Refuses for the first ten seconds, and accepts from then on.
        case late
    }

    /// When one that is late begins to accept.
    static let lateUntil = SimulatedWorld.start + 10_000_000_000

    package var plan: Int
    package var mood: Mood
    /// The number of this address in its upstream.
    package var address: Int

    package init(plan: Int, mood: Mood, address: Int) {
        self.plan = plan
        self.mood = mood
        self.address = address
    }
}
