internal import PelmeniCore
package import PelmeniRuntime

/// Checks of groups, interfaces, address families and the options of sockets.
extension EngineCheck {
    func checkNetwork(_ server: any Server) throws(EngineError) {
        try checkGroups(server)
        try checkInterfaces(server)
        try checkBuffers(server)
        let options = server.options
        let subject = server.endpoint.description
        if options.ipv6Only {
            let host = server.endpoint.hostAndPort?.host
            let isV6 = host.map { $0.isEmpty || $0.contains(":") || server.endpoint.isName }
            guard isV6 == true, server.endpoint.port != nil else {
                throw usage(
                    subject, "\(name(.ipv6Only)) is for a TCP, UDP or http listener on IPv6",
                    "listen on [::], or with an empty host")
            }
        }
        guard !options.keepsDF || Self.hasUDP(server) else {
            throw usage(
                subject, "\(name(.keepsDF)) has no meaning without UDP on a side", "leave it out")
        }
    }

    /// Where a pair's groups are. A name's addresses are not known yet.
    package static func place(of server: any Server) -> NetworkPlace {
        var place = NetworkPlace()
        let options = server.options
        place.isIPv6Only = options.ipv6Only
        if server.endpoint.isGroup { place.listenerInterface = options.interface }
        if server.client.endpoints.contains(where: \.isGroup) {
            place.upstreamInterface = server.client.interface ?? options.interface
        }
        return place
    }

    /// Only a TCP listener can be taken away from its clients, and given back to them: a Unix
    /// socket that was shut down never listens again (Linux 6.18), and datagrams have no connect.
    func checkWhenDown(_ server: any Server) throws(EngineError) {
        guard server.whenDown == .refuse else { return }
        let option = "\(name(.whenDown)) \(WhenDown.refuse)"
        switch server.endpoint {
        case .tcp, .http: break
        case .udp, .host, .unix, .unixDatagram:
            throw usage(
                server.endpoint.description,
                "\(option) is for a listener on a TCP port: no other one can refuse, and listen "
                    + "again",
                "leave it out")
        }
        guard let upstream = server.client.endpoints.first(where: \.isDatagram) else { return }
        throw usage(
            upstream.description,
            "\(option) is for upstreams that are streams: no connect shows whether one of "
                + "datagrams is up",
            "leave it out")
    }

    // MARK: Groups

    private func checkGroups(_ server: any Server) throws(EngineError) {
        let place = Self.place(of: server)
        try checkGroup(server.endpoint, place.listenerInterface, side: .listener)
        for upstream in server.client.endpoints {
            try checkGroup(upstream, place.upstreamInterface, side: .upstream)
            guard upstream.isGroup else { continue }
            let subject = upstream.description
            func refused(_ reason: String, _ remedy: String = "") -> EngineError {
                EngineError(
                    kind: .usage, side: .upstream, subject: subject, reason: reason, remedy: remedy)
            }
            let listener = server.endpoint.scheme
            guard listener != "http", listener != "icmp" else {
                throw refused("\(listener) waits for an answer, and none comes from a group")
            }
            guard server.options.responseLimit == nil else {
                throw refused(
                    "\(name(.responseLimit)) has no meaning for a group: no answer comes from one",
                    "leave it out")
            }
            guard server.endpoint == upstream, place.listenerInterface == place.upstreamInterface
            else { continue }
            throw usage(
                subject, "the pair would forward to itself",
                "give each side an \(name(.interface)) of its own")
        }
    }

    private func checkGroup(
        _ endpoint: Endpoint, _ interface: String?, side: EngineError.Side
    ) throws(EngineError) {
        guard endpoint.hostAndPort != nil, let address = endpoint.address else { return }
        func refused(_ reason: String, _ remedy: String) -> EngineError {
            EngineError(
                kind: .usage, side: side, subject: endpoint.description, reason: reason,
                remedy: remedy)
        }
        guard !address.isMappedGroup else {
            throw refused("it is an IPv4 group in the form of IPv6", "write it as an IPv4 address")
        }
        guard !address.isLinkLocal || address.scope != 0 else {
            throw refused(
                "a link-local address means another host on each interface",
                "write its zone, as in [fe80::1%eth0]")
        }
        guard !address.isLimitedBroadcast || side == .listener else {
            throw refused(
                "it is a broadcast address, and nothing is sent to those",
                "name a host, or a multicast group")
        }
        guard !address.isLimitedBroadcast || endpoint.isDatagram else {
            throw refused("it is a broadcast address, and a stream has one peer", "use udp")
        }
        guard address.isGroup else { return }
        guard endpoint.isDatagram else {
            throw refused("it is a multicast group, and a stream has one peer", "use udp")
        }
        if case .host(_, "icmp") = endpoint {
            throw side == .upstream
                ? refused("an echo request to a group gets no answer here", "name a host")
                : refused(
                    "an echo request to a group would have one answer of each host that hears it",
                    "listen on an address of this host, or with an empty host")
        }
        guard !address.needsZone || address.scope != 0 || interface != nil else {
            throw refused(
                "the group means another one on each interface",
                "name one with the option \(name(.interface))")
        }
    }

    private func checkInterfaces(_ server: any Server) throws(EngineError) {
        let upstreamIsGroup = server.client.endpoints.contains(where: \.isGroup)
        guard server.client.interface == nil || upstreamIsGroup,
            server.options.interface == nil || upstreamIsGroup || server.endpoint.isGroup
        else {
            throw usage(
                server.endpoint.description,
                "\(name(.interface)) is for a multicast group in digits, and the side has none",
                "leave it out")
        }
        for interface in [server.client.interface, server.options.interface] {
            guard let interface, !HostText.isZone(interface[...]) else { continue }
            throw usage(
                server.endpoint.description,
                "\(name(.interface)) is no interface: \"\(interface)\"",
                "valid: \(Self.interfaceForms)")
        }
    }

    /// For messages.
    package static let interfaceForms =
        "a name of 1 to 15 bytes without white space, / and :, or a number above 0"

    // MARK: Buffers

    private func checkBuffers(_ server: any Server) throws(EngineError) {
        let options = server.options
        let subject = server.endpoint.description
        let sides = [server.endpoint] + server.client.endpoints
        guard options.receiveBufferBytes == nil || !sides.allSatisfy(\.isUnix) else {
            throw usage(
                subject,
                "\(name(.receiveBufferBytes)) has no meaning between Unix sockets: "
                    + "what a sender may have on the way bounds them",
                "set \(name(.sendBufferBytes))")
        }
        let (least, most) = (SocketBuffers.bytesMin, SocketBuffers.bytesMax)
        let given: [(OptionName, Int?)] = [
            (.receiveBufferBytes, options.receiveBufferBytes),
            (.sendBufferBytes, options.sendBufferBytes),
        ]
        for (option, bytes) in given {
            guard let bytes, !(least...most).contains(bytes) else { continue }
            throw usage(subject, "\(name(option)) is \(least) to \(most) bytes, not \(bytes)")
        }
    }

    /// Whether a side of a pair has UDP sockets.
    package static func hasUDP(_ server: any Server) -> Bool {
        ([server.endpoint] + server.client.endpoints).contains {
            if case .udp = $0 { true } else { false }
        }
    }

    /// What a start of the pair would refuse on this machine now.
    package static func refusals(of server: any Server) -> [EngineError] {
        place(of: server).refusals(
            listener: server.endpoint, upstreams: server.client.endpoints)
    }

    /// A warning about upstreams that are groups; nil when there is none.
    package static func groupWarning(_ upstreams: [Endpoint]) -> String? {
        upstreams.contains(where: \.isGroup)
            ? "an upstream is a multicast group: no answer comes back from it" : nil
    }
}
