internal import PelmeniCore

/// The memory of a worker's pair rows: trivial, and stable while the worker runs.
struct WorkerRows: @unchecked Sendable {
    let pairs: UnsafeMutablePointer<PairRow>
    private let upstreams: UnsafeMutablePointer<Upstream>
    private let addresses: UnsafeMutablePointer<UpstreamAddress>

    /// - Parameters:
    ///   - worker: the worker's number.
    ///   - sessionsOpen: a count for each pair, shared by all workers.
    init(
        worker: Int, pairs configurations: [PairConfiguration],
        sessionsOpen: UnsafeMutablePointer<Int64>
    ) {
        let shares = configurations.map(\.rowsOfUpstreams)
        let count = shares.joined().reduce(0, +)
        pairs = .allocate(capacity: max(1, configurations.count))
        upstreams = .allocate(capacity: max(1, count))
        addresses = .allocate(capacity: max(1, count * Upstream.addressesMax))
        addresses.initialize(repeating: UpstreamAddress(), count: count * Upstream.addressesMax)
        var first = 0
        for (number, configuration) in configurations.enumerated() {
            let rows = shares[number].reduce(0, +)
            var row = first
            for (endpoint, share) in shares[number].enumerated() {
                for _ in 0..<share {
                    (upstreams + row).initialize(
                        to: Upstream(
                            addresses: addresses + row * Upstream.addressesMax, endpoint: endpoint))
                    row += 1
                }
            }
            var pair = PairRow(
                deadlines: configuration.deadlines, options: configuration.options,
                sessionsMax: Int64(configuration.sessionsMax), sessionsOpen: sessionsOpen + number,
                upstreams: upstreams + first, upstreamCount: UInt8(rows))
            for (index, endpoint) in configuration.upstreams.enumerated() {
                guard let address = endpoint.address else { continue }
                pair.setAddresses([address], ofEndpoint: index)
            }
            pair.isUnix = configuration.endpoint.isUnix
            pair.kind = configuration.kind
            if configuration.endpoint.isDatagram,
                let host = configuration.endpoint.hostAndPort?.host
            {
                pair.tellsLocal =
                    host.isEmpty || SocketAddress(numeric: host, port: 0)?.isAny == true
            }
            pair.clientFraming = configuration.messages.client
            pair.upstreamFraming = configuration.messages.upstream
            pair.requests = configuration.messages.requests
            pair.responses = configuration.messages.responses
            pair.datagramOptions = configuration.datagramOptions
            pair.datagramOptions.leavesBroadcasts =
                pair.tellsLocal && worker != configuration.workers?.first ?? 0
            pair.attach(configuration.hooks)
            (pairs + number).initialize(to: pair)
            first += rows
        }
    }

    func destroy() {
        pairs.deallocate()
        upstreams.deallocate()
        addresses.deallocate()
    }
}
