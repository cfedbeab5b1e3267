package import PelmeniCore

/// The outcome of a seed.
public struct SimulationOutcome: Sendable {
    /// The seed that was run.
    public let seed: UInt64
    /// The engine's faults: bytes or messages lost, doubled or reordered, a wrong end, a broken
    /// rule of the kernel, memory or sockets not freed. A line each, at most a few; empty when the
    /// seed passed.
    public package(set) var violations: [String] = []
    /// Sessions that the engine accepted.
    public package(set) var sessions: UInt64 = 0
    /// Bytes of streams that the engine relayed, both ways.
    public package(set) var bytes: UInt64 = 0
    /// The step of a script that failed.
    var failure: ScriptFailure?
    /// The engine's own counts that are not 0.
    package var causes: [EndCause: UInt64] = [:]
    package var drops: [DropReason: UInt64] = [:]
    package var datagramsToUpstream: UInt64 = 0
    package var datagramsToClient: UInt64 = 0
    /// How often each ``SimulatedPoint`` occurred.
    package var points = [UInt64](repeating: 0, count: SimulatedPoint.allCases.count)

    /// See ``TraceHash``: equal for two engines that did the same.
    package var hash: UInt64 = 0

    /// Whether the run had no fault.
    public var hasPassed: Bool { violations.isEmpty }

    package init(seed: UInt64) { self.seed = seed }

    /// Folds another run's hash into this one's, in order.
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
    /// One line: the seed, its faults, and the command that repeats it.
    public var description: String {
        guard hasPassed else {
            let list = violations.joined(separator: "; ")
            return "seed \(seed): \(list) (to repeat it: Simulation.run(seed: \(seed)))"
        }
        return "seed \(seed): passed, \(sessions) sessions, \(bytes) bytes"
    }
}
