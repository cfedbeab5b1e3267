package import PelmeniCore

/// What became of a seed.
public struct SimulationOutcome: Sendable {
    /// The seed that was run.
    public let seed: UInt64
    /// What the engine did wrong: bytes or messages lost, doubled or reordered, an end that is not
    /// the one sent, a rule of the kernel broken, memory or sockets not given back. A line each, at
    /// most a few; empty when the seed passed.
    public package(set) var violations: [String] = []
    /// Sessions that the engine accepted.
    public package(set) var sessions: UInt64 = 0
    /// Bytes of streams that it relayed, both ways.
    public package(set) var bytes: UInt64 = 0
    /// The engine's own counts that are not 0.
    package var causes: [Cause: UInt64] = [:]
    package var drops: [DropReason: UInt64] = [:]
    package var datagramsToUpstream: UInt64 = 0
    package var datagramsToClient: UInt64 = 0
    /// How often each of ``SimulatedPoint`` was met.
    package var points = [UInt64](repeating: 0, count: SimulatedPoint.allCases.count)

    /// See ``TraceHash``: equal for two engines that did the same.
    package var hash: UInt64 = 0

    /// Whether nothing was wrong.
    public var hasPassed: Bool { violations.isEmpty }

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

extension SimulationOutcome: CustomStringConvertible {
    /// One line: the seed, what was wrong, and how to repeat it.
    public var description: String {
        guard hasPassed else {
            let list = violations.joined(separator: "; ")
            return "seed \(seed): \(list) (to repeat it: Simulation.run(seed: \(seed)))"
        }
        return "seed \(seed): passed, \(sessions) sessions, \(bytes) bytes"
    }
}
