/// The datagram socket of a custom protocol: UDP's unless it says otherwise.
public struct SocketRequest: Sendable {
    /// Family, type and protocol, in a form for the rows of workers.
    package var kind = SocketKind()
    /// What an operator should know at start: each is logged as a warning.
    public var warnings: [String] = []

    /// Whether an upstream's socket heeds all that the network reports of its datagrams (ip(7),
    /// `IP_RECVERR`): a host that cannot be reached ends the session, with the cause `noUpstream`
    /// or `connectRefused`. Without it only a refusal by the host itself is reported, and what an
    /// unreachable host is sent stays without an answer.
    ///
    /// A datagram beyond the path's MTU is counted as `oversize` and ends nothing. False unless it
    /// is set; of no meaning for a listener and for a Unix socket.
    public var reportsErrors: Bool {
        get { kind.reportsErrors }
        set { kind.reportsErrors = newValue }
    }

    /// UDP for IP endpoints.
    public init() {}

    /// A datagram socket of another protocol, socket(2): `SOCK_DGRAM`.
    ///
    /// - Parameters:
    ///   - v4: the protocol's number for IPv4 endpoints: 1 is ICMP.
    ///   - v6: for IPv6 endpoints: 58 is ICMPv6.
    public static func datagram(v4: Int32, v6: Int32) -> SocketRequest {
        var request = SocketRequest()
        request.kind.numbers = (v4, v6)
        return request
    }

    /// A raw socket, raw(7): `SOCK_RAW`, which needs `CAP_NET_RAW`. Datagrams come with their IPv4
    /// header, and over IPv6 without one.
    ///
    /// - Parameters:
    ///   - v4: the protocol's number for IPv4 endpoints.
    ///   - v6: for IPv6 endpoints.
    ///   - messageType: of an ICMP socket: the one type of message that the kernel lets through,
    ///     for each version (icmp(7), RFC 3542 section 3.2).
    public static func raw(
        v4: Int32, v6: Int32, messageType: (v4: UInt8, v6: UInt8)? = nil
    ) -> SocketRequest {
        var request = SocketRequest.datagram(v4: v4, v6: v6)
        request.kind.isRaw = true
        if let messageType { request.kind.messageTypes = (messageType.v4, messageType.v6) }
        return request
    }
}

/// The kind of a datagram socket. Trivial.
package struct SocketKind: Sendable {
    package var isRaw = false
    /// The socket has an error queue, which has to be emptied.
    package var reportsErrors = false
    /// Protocol numbers for IPv4 and IPv6; 0 is UDP.
    package var numbers: (v4: Int32, v6: Int32) = (0, 0)
    /// The one type of ICMP message that is let through; 0 is any. An echo's answer over IPv4 is of
    /// type 0, so the numbers are one higher.
    var filters: (v4: Int32, v6: Int32) = (0, 0)

    package init() {}

    var messageTypes: (v4: UInt8, v6: UInt8) {
        get { (UInt8(clamping: filters.v4 - 1), UInt8(clamping: filters.v6 - 1)) }
        set { filters = (Int32(newValue.v4) + 1, Int32(newValue.v6) + 1) }
    }

    /// UDP, or a Unix socket.
    @inline(__always)
    package var isStandard: Bool { !isRaw && numbers.v4 == 0 && numbers.v6 == 0 }
}
