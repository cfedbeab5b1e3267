internal import PelmeniCore

// What only this machine's network can tell of a configuration.
extension EngineConfiguration {
    /// The same, with the numbers of the interfaces by which datagrams to groups leave.
    ///
    /// - Throws: an error about an interface that is not there, or an upstream of many hosts.
    func placed() throws(EngineError) -> EngineConfiguration {
        var placed = self
        for index in placed.pairs.indices { try placed.pairs[index].place() }
        return placed
    }
}

extension PairConfiguration {
    fileprivate mutating func place() throws(EngineError) {
        let refusals = network.refusals(listener: endpoint, upstreams: upstreams)
        if let refusal = refusals.first { throw refusal }
        guard let name = network.upstreamInterface else { return }
        for upstream in upstreams where upstream.isGroup {
            datagramOptions.groupInterface = try NetworkPlace.index(
                ofInterface: name, zone: upstream.address?.scope ?? 0, .upstream,
                upstream.description)
        }
    }
}
