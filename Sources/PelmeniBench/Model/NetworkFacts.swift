/// The network of a run, and its congestion control.
package struct NetworkFacts: Codable, Equatable, Sendable {
    /// Whether the run had a namespace of its own, with only a loopback.
    package var isOwn = false
    /// The congestion control of connections over the loopback, where a scenario names none; empty
    /// when unknown.
    package var congestionControl = ""
    /// The machine's.
    package var machinesCongestionControl = ""
    /// The reason for the machine's network; nil with a network of the run's own.
    package var reason: String?
    /// Settings of the machine's network that the namespace could not get: `tcp_rmem is 1, not 2`.
    package var differences: [String] = []

    package init() {}
}
