/// The memory of a worker's pair rows: trivial, and stable while the worker runs.
struct WorkerRows: @unchecked Sendable {
    let pairs: UnsafeMutablePointer<RelayPair>
    private let upstreams: UnsafeMutablePointer<Upstream>
    private let addresses: UnsafeMutablePointer<SocketAddress>

    /// - Parameter sessionsOpen: a count for each pair, shared by all workers.
    init(pairs plans: [PairPlan], sessionsOpen: UnsafeMutablePointer<Int64>) {
        let count = plans.reduce(0) { $0 + $1.upstreams.count }
        pairs = .allocate(capacity: max(1, plans.count))
        upstreams = .allocate(capacity: max(1, count))
        addresses = .allocate(capacity: max(1, count * Upstream.addressesMax))
        addresses.initialize(repeating: SocketAddress(), count: count * Upstream.addressesMax)
        var first = 0
        for (number, plan) in plans.enumerated() {
            for (index, place) in plan.upstreams.enumerated() {
                var row = Upstream(addresses: addresses + (first + index) * Upstream.addressesMax)
                if let address = place.address {
                    row.addresses[0] = address
                    row.addressCount = 1
                }
                (upstreams + first + index).initialize(to: row)
            }
            var pair = RelayPair(
                deadlines: plan.deadlines, options: plan.options,
                sessionsMax: Int64(plan.sessionsMax), sessionsOpen: sessionsOpen + number,
                upstreams: upstreams + first, upstreamCount: UInt8(plan.upstreams.count))
            pair.isUnix = plan.listen.isUnix
            pair.kind =
                plan.listensForDatagrams
                ? (plan.forwardsDatagrams ? .datagrams : .datagramsToStream)
                : (plan.forwardsDatagrams ? .streamToDatagrams : .streams)
            if case .udp(let host, _) = plan.listen {
                pair.tellsLocal =
                    host.isEmpty || SocketAddress(numeric: host, port: 0)?.isAny == true
            }
            let framing = StreamFraming(plan.messages.framing, maxFrame: plan.messages.maxFrame)
            pair.clientFraming = framing
            pair.upstreamFraming = framing
            pair.requests = plan.messages.requests
            pair.responses = plan.messages.responses
            pair.receiveBuffer = plan.receiveBuffer
            (pairs + number).initialize(to: pair)
            first += plan.upstreams.count
        }
    }

    func destroy() {
        pairs.deallocate()
        upstreams.deallocate()
        addresses.deallocate()
    }
}
