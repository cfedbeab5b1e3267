package import CPelmeni
package import Glibc

/// A socket address of any family, in the form of the system calls.
///
/// 128 bytes, as `sockaddr_storage`; trivial, so that tables of them need no reference counting.
package struct SocketAddress: Sendable {
    package var storage: sockaddr_storage
    package var length: UInt32

    package init() {
        storage = sockaddr_storage()
        length = 0
    }

    /// An IPv4 address.
    ///
    /// - Parameter address: in host byte order: 127.0.0.1 is `0x7f000001`.
    package init(v4 address: UInt32, port: UInt16) {
        self.init()
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = port.bigEndian
        raw.sin_addr.s_addr = address.bigEndian
        length = UInt32(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &storage) { to in
            withUnsafeBytes(of: &raw) { to.copyMemory(from: $0) }
        }
    }

    /// An IPv6 address in network byte order.
    package init(v6 address: in6_addr, port: UInt16, scope: UInt32 = 0) {
        self.init()
        var raw = sockaddr_in6()
        raw.sin6_family = sa_family_t(AF_INET6)
        raw.sin6_port = port.bigEndian
        raw.sin6_addr = address
        raw.sin6_scope_id = scope
        length = UInt32(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutableBytes(of: &storage) { to in
            withUnsafeBytes(of: &raw) { to.copyMemory(from: $0) }
        }
    }

    /// A Unix socket. Nil when the path is empty or longer than 107 bytes, unix(7).
    package init?(path: String) {
        self.init()
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < 108, !bytes.contains(0) else { return nil }
        withUnsafeMutableBytes(of: &storage) { to in
            to.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            UnsafeMutableRawBufferPointer(rebasing: to[2...]).copyBytes(from: bytes)
        }
        length = UInt32(2 + bytes.count + 1)
    }

    @inline(__always)
    package var family: Int32 { Int32(storage.ss_family) }

    /// Changes the port of an IPv4 or IPv6 address.
    package mutating func setPort(_ port: UInt16) {
        guard self.port != nil else { return }
        // In both forms it stands behind the family.
        withUnsafeMutableBytes(of: &storage) {
            $0.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
    }

    /// The number of a link-local IPv6 address's interface, else 0.
    package var scope: UInt32 {
        guard family == AF_INET6 else { return 0 }
        return withUnsafeBytes(of: storage) { $0.load(fromByteOffset: 24, as: UInt32.self) }
    }

    /// The port of an IPv4 or IPv6 address, else nil.
    package var port: UInt16? {
        get {
            guard family == AF_INET || family == AF_INET6 else { return nil }
            return withUnsafeBytes(of: storage) {
                UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))
            }
        }
        set {
            guard family == AF_INET || family == AF_INET6, let newValue else { return }
            withUnsafeMutableBytes(of: &storage) {
                $0.storeBytes(of: newValue.bigEndian, toByteOffset: 2, as: UInt16.self)
            }
        }
    }
}

extension SocketAddress: Equatable {
    package static func == (left: SocketAddress, right: SocketAddress) -> Bool {
        guard left.length == right.length else { return false }
        return withUnsafeBytes(of: left.storage) { a in
            withUnsafeBytes(of: right.storage) { b in
                a.prefix(Int(left.length)).elementsEqual(b.prefix(Int(left.length)))
            }
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80` or a path, escaped as in a URL.
    package var description: String {
        switch family {
        case AF_INET: return "\(host):\(port ?? 0)"
        case AF_INET6: return "[\(host)\(scope == 0 ? "" : "%\(scope)")]:\(port ?? 0)"
        case AF_UNIX: return PercentCoding.encoded(path: host)
        default: return "unknown"
        }
    }

    /// The address without port and zone, or the path.
    package var host: String {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_UNIX:
                return String(decoding: bytes[2...].prefix { $0 != 0 }, as: UTF8.self)
            case AF_INET, AF_INET6:
                var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
                let offset = family == AF_INET ? 4 : 8
                guard let base = bytes.baseAddress,
                    inet_ntop(family, base + offset, &text, socklen_t(text.count)) != nil
                else { return "?" }
                return String(
                    decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            default: return "?"
            }
        }
    }
}
