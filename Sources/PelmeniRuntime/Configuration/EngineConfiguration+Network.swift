internal import CPelmeni
internal import Glibc
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
        for upstream in upstreams {
            guard var address = upstream.address, !upstream.isUnix,
                pelmeni_address_is_broadcast(&address.storage, socklen_t(address.length)) == 1
            else { continue }
            throw EngineError(
                kind: .failed, side: .upstream, subject: upstream.description,
                reason: "it is a broadcast address, and nothing is sent to those",
                remedy: "name a host, or a multicast group")
        }
        guard let name = network.upstreamInterface else { return }
        for upstream in upstreams where upstream.isGroup {
            datagramOptions.groupInterface = try NetworkPlace.index(
                ofInterface: name, zone: upstream.address?.scope ?? 0, side: .upstream,
                upstream.description)
        }
    }
}
