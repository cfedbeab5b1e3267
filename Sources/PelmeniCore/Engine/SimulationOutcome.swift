/// What became of a seed.
package struct SimulationOutcome: Sendable {
    package var seed: UInt64
    /// What is wrong, at most a few lines; empty when all is well.
    package var violations: [String] = []
    package var sessions: UInt64 = 0
    package var bytes: UInt64 = 0
    /// The engine's own counts, those that are not 0.
    package var causes: [Cause: UInt64] = [:]
    package var drops: [DropReason: UInt64] = [:]
    package var datagramsToUpstream: UInt64 = 0
    package var datagramsToClient: UInt64 = 0
    /// How often each of ``SimulatedPoint`` was met.
    package var points = [UInt64](repeating: 0, count: SimulatedPoint.allCases.count)

    /// See ``TraceHash``: equal for two engines that did the same.
    package var hash: UInt64 = 0

    package init(seed: UInt64) { self.seed = seed }

    /// Takes another run's hash into this one's, in order.
    package mutating func fold(_ other: UInt64) {
        var trace = TraceHash()
        trace.fold(hash)
        trace.fold(other)
        hash = trace.value
    }

    package mutating func add(_ point: SimulatedPoint, _ count: UInt64) {
        points[point.rawValue] += count
    }
}
