/// In which network a run took place, and what its connections used.
package struct NetworkFacts: Codable, Equatable, Sendable {
    /// Whether it was a namespace of the run's own, with nothing in it but a loopback.
    package var isOwn = false
    /// Of connections over the loopback, where a scenario names none; empty when it is not known.
    package var congestionControl = ""
    /// The machine's.
    package var machinesCongestionControl = ""
    /// Why it was the machine's network; nil where it was not.
    package var reason: String?
    /// Settings of the machine's network that the namespace could not be given: `tcp_rmem is 1, not
    /// 2`.
    package var differences: [String] = []

    package init() {}
}
