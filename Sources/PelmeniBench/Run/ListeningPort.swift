internal import Glibc

/// Ports of 127.0.0.1, from the kernel's lists: a probe that connects would be traffic.
enum ListeningPort {
    private static let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
    private static let datagramTables = ["/proc/net/udp", "/proc/net/udp6"]
    /// The kernel's states: a listening stream socket; below, a datagram socket without a peer.
    private static let listening = "0A"
    private static let unconnected = "07"

    /// Whether a socket listens on the port.
    static func isOpen(_ port: UInt16, isOfDatagrams: Bool = false) -> Bool {
        (isOfDatagrams ? datagramTables : tables).contains {
            isOpen(port, in: TextFile.read($0) ?? "", isOfDatagrams: isOfDatagrams)
        }
    }

    static func isOpen(_ port: UInt16, in table: String, isOfDatagrams: Bool = false) -> Bool {
        table.split(separator: "\n").dropFirst().contains { line in
            let fields = line.split(separator: " ")
            guard fields.count > 3, fields[3] == (isOfDatagrams ? unconnected : listening),
                let own = fields[1].split(separator: ":").last
            else { return false }
            return UInt16(own, radix: 16) == port
        }
    }

    /// Different free ports.
    static func free(_ count: Int, isOfDatagrams: Bool) throws(BenchError) -> [UInt16] {
        var ports: [UInt16] = []
        while ports.count < count {
            // The kernel may choose a port twice, as no socket holds it.
            let port = try free(isOfDatagrams: isOfDatagrams)
            if !ports.contains(port) { ports.append(port) }
        }
        return ports
    }

    private static func free(isOfDatagrams: Bool) throws(BenchError) -> UInt16 {
        let type = isOfDatagrams ? SOCK_DGRAM : SOCK_STREAM
        let probe = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw .failed("no socket to look for a free port with") }
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(probe, name, length) == 0 && getsockname(probe, name, &length) == 0
            }
        }
        guard result else { throw .failed("no free port on 127.0.0.1") }
        return UInt16(bigEndian: address.sin_port)
    }
}
