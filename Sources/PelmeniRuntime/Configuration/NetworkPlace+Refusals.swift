internal import PelmeniCore

// What a start refuses, or warns of, because of this machine's network as it is now.
extension NetworkPlace {
    /// One refusal for each endpoint that has one. The addresses of names are not known.
    package func refusals(listener: Endpoint, upstreams: [Endpoint]) -> [EngineError] {
        ([refusal(ofListener: listener)] + upstreams.map(refusal(ofUpstream:))).compactMap(\.self)
    }

    private func refusal(ofListener listener: Endpoint) -> EngineError? {
        if let missing = Self.missingZone(of: listener, .listener) { return missing }
        guard listener.isDatagram || !listener.isBroadcast else {
            return EngineError(
                kind: .failed, side: .listener, subject: listener.description,
                reason: "it is a broadcast address, and a stream has one peer", remedy: "use udp")
        }
        return Self.refusal(ofInterface: listenerInterface, of: listener, .listener)
    }

    private func refusal(ofUpstream upstream: Endpoint) -> EngineError? {
        guard !upstream.isBroadcast else {
            return EngineError(
                kind: .failed, side: .upstream, subject: upstream.description,
                reason: "it is a broadcast address, and nothing is sent to those",
                remedy: "name a host, or a multicast group")
        }
        return Self.refusal(ofInterface: upstreamInterface, of: upstream, .upstream)
    }

    private static func refusal(
        ofInterface name: String?, of endpoint: Endpoint, _ side: EngineError.Side
    ) -> EngineError? {
        guard let name, endpoint.isGroup, let address = endpoint.address else { return nil }
        do throws(EngineError) {
            _ = try index(ofInterface: name, zone: address.scope, side, endpoint.description)
            return nil
        } catch {
            return error
        }
    }

    /// - Parameter zone: of the address; 0 is none.
    static func index(
        ofInterface name: String, zone: UInt32, _ side: EngineError.Side, _ subject: String
    ) throws(EngineError) -> UInt32 {
        guard let index = NetworkInterface.index(of: name) else {
            throw missing(name, side, subject)
        }
        guard zone == 0 || zone == index else {
            throw EngineError(
                kind: .failed, side: side, subject: subject,
                reason: "its zone is another interface than \"\(name)\"",
                remedy: "leave one of them out")
        }
        return index
    }

    // MARK: Zones

    /// Upstreams in a zone that this machine does not have now. Its interface may come later, so a
    /// start only warns of them.
    package static func missingZones(of upstreams: [Endpoint]) -> [EngineError] {
        upstreams.compactMap { missingZone(of: $0, .upstream) }
    }

    private static func missingZone(
        of endpoint: Endpoint, _ side: EngineError.Side
    ) -> EngineError? {
        guard let host = endpoint.hostAndPort?.host, let zone = HostText.parts(host).zone,
            NetworkInterface.index(of: zone) == nil
        else { return nil }
        return missing(String(zone), side, endpoint.description)
    }

    private static func missing(
        _ interface: String, _ side: EngineError.Side, _ subject: String
    ) -> EngineError {
        EngineError(
            kind: .failed, side: side, subject: subject,
            reason: "there is no interface \"\(interface)\"", remedy: "`ip link` lists them")
    }
}
