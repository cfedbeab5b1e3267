internal import CPelmeni
package import Glibc

extension SocketAddress {
    /// An address in digits: `127.0.0.1`, `::1`, `fe80::1%eth0`, `fe80::1%2`. Nil for any other
    /// text, and for a zone that this machine does not have.
    package init?(numeric host: String, port: UInt16) {
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr), port: port)
            return
        }
        let (digits, zone) = HostText.parts(host)
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, String(digits), &v6) == 1 else { return nil }
        var scope: UInt32 = 0
        if let zone {
            guard let found = HostText.scope(zone) else { return nil }
            scope = found
        }
        self.init(v6: v6, port: port, scope: scope)
    }

    /// All addresses: dual-stack IPv6, or IPv4 alone.
    package static func any(port: UInt16, v6: Bool) -> SocketAddress {
        v6 ? SocketAddress(v6: in6addr_any, port: port) : SocketAddress(v4: 0, port: port)
    }

    /// Whether the address means all addresses of this machine.
    package var isAny: Bool {
        guard let port else { return false }
        return self == .any(port: port, v6: family == AF_INET6)
    }
}

extension SocketAddress {
    /// A result of `getaddrinfo(3)`, with a port; nil for another family.
    package init?(_ found: addrinfo, port: UInt16) {
        self.init()
        guard found.ai_family == AF_INET || found.ai_family == AF_INET6,
            let address = found.ai_addr,
            Int(found.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size
        else { return nil }
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(
                from: UnsafeRawBufferPointer(start: address, count: Int(found.ai_addrlen)))
        }
        length = found.ai_addrlen
        self.port = port
    }
}
