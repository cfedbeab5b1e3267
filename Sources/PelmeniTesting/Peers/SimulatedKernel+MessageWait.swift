internal import PelmeniCore

// A rule for worlds without streams.
extension SimulatedKernel {
    var isAllDatagrams: Bool {
        world.messages.allSatisfy { $0.kind == .datagrams } && world.plans.isEmpty
    }

    /// No datagram waits for long in a socket's buffer without a reason. A reason is a lack of
    /// blocks, held by datagrams that wait for Unix ends.
    func checkWait(_ number: Int) {
        guard let first = messages.sockets[number].queue.first, isAllDatagrams,
            !messages.areForeign,
            !world.messages.contains(where: { $0.listensOnUnix || $0.forwardsToUnix }),
            clock > first.arrivedAt,
            clock - first.arrivedAt > 5_000_000_000 + 4 * world.faults.clockJumpMost
        else { return }
        violate("flow \(number) is not received from, though datagrams wait")
    }
}
