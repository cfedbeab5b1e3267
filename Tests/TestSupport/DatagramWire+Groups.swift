import Glibc

extension DatagramWire {
    /// From now on datagrams to broadcast addresses may be sent.
    package func allowBroadcasts() throws {
        var on: Int32 = 1
        guard setsockopt(socket, SOL_SOCKET, SO_BROADCAST, &on, 4) == 0 else {
            throw WireError("SO_BROADCAST")
        }
    }

    /// From now on datagrams to groups leave by the loopback, from 127.0.0.1.
    package func sendToGroupsByLoopback() throws {
        var loopback = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
        guard
            setsockopt(
                socket, Int32(IPPROTO_IP), IP_MULTICAST_IF, &loopback,
                socklen_t(MemoryLayout<in_addr>.size)) == 0
        else { throw WireError("IP_MULTICAST_IF") }
    }

    /// A member of a group on the loopback, at a port of its own.
    ///
    /// - Parameter group: an IPv4 address as a number, its first part highest.
    package convenience init(memberOf group: UInt32) throws {
        try self.init(at: .port(0), host: group)
        var asked = ip_mreq(
            imr_multiaddr: in_addr(s_addr: group.bigEndian),
            imr_interface: in_addr(s_addr: UInt32(0x7f00_0001).bigEndian))
        guard
            setsockopt(
                socket, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &asked,
                socklen_t(MemoryLayout<ip_mreq>.size)) == 0
        else { throw WireError("IP_ADD_MEMBERSHIP") }
    }

    /// A number of a socket's option.
    package static func option(_ socket: Int32, _ level: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(4)
        return getsockopt(socket, level, name, &value, &length) == 0 ? value : nil
    }
}
