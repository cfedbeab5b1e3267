internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Listeners of multicast groups and broadcast addresses.
extension ListenerSet {
    /// A group that a listener joins, on an interface; 0 is the kernel's choice.
    struct Group {
        var interface: UInt32
    }

    /// The group of a listener's address, which gets the interface as its zone where it needs one.
    func group(
        at address: inout SocketAddress, _ configuration: PairConfiguration, subject: String
    ) throws(EngineError) -> Group? {
        guard address.isGroup else { return nil }
        guard let name = configuration.network.listenerInterface else {
            return Group(interface: address.scope)
        }
        let interface = try NetworkPlace.index(
            ofInterface: name, zone: address.scope, .listener, subject)
        address.scope = interface
        return Group(interface: interface)
    }

    func isBroadcast(_ address: SocketAddress) -> Bool {
        var address = address
        return pelmeni_address_is_broadcast(&address.storage, socklen_t(address.length)) == 1
    }

    /// 0 or -errno.
    func join(_ group: Group, at address: inout SocketAddress, with socket: Int32) -> Int32 {
        pelmeni_datagram_join(socket, &address.storage, group.interface)
    }

    func notJoined(_ subject: String, _ error: Int32) -> EngineError {
        let remedy =
            switch -error {
            case ENODEV, EADDRNOTAVAIL:
                "no route chooses an interface with multicast; name one with the option interface"
            case ENOBUFS: "raise net.ipv4.igmp_max_memberships"
            default: ""
            }
        return EngineError(
            kind: .failed, side: .listener, subject: subject, errno: SystemError(code: error),
            reason: "cannot join the group", remedy: remedy)
    }
}
