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

    /// A Unix socket: a path, or `@` and an abstract name. Nil when it is empty or has more than
    /// 107 bytes behind the `@`, unix(7).
    package init?(path: String) {
        self.init()
        var bytes = Array(path.utf8)
        guard bytes.count > 0, !bytes.contains(0) else { return nil }
        // An abstract name begins with a zero byte, and ends where the address does.
        let isAbstract = bytes[0] == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 } else { bytes.append(0) }
        guard (2...108).contains(bytes.count) else { return nil }
        withUnsafeMutableBytes(of: &storage) { to in
            to.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            UnsafeMutableRawBufferPointer(rebasing: to[2...]).copyBytes(from: bytes)
        }
        length = UInt32(2 + bytes.count)
    }

    @inline(__always)
    package var family: Int32 { Int32(storage.ss_family) }

    /// The interface of an IPv6 address (`sin6_scope_id`); 0 for none, and for other addresses.
    package var scope: UInt32 {
        get {
            guard family == AF_INET6 else { return 0 }
            return withUnsafeBytes(of: storage) { $0.load(fromByteOffset: 24, as: UInt32.self) }
        }
        set {
            guard family == AF_INET6 else { return }
            withUnsafeMutableBytes(of: &storage) {
                $0.storeBytes(of: newValue, toByteOffset: 24, as: UInt32.self)
            }
        }
    }

    /// Whether datagrams to it reach all members of a multicast group.
    package var isGroup: Bool { groupForm == .own }

    /// An IPv6 group of one interface or link, ff01::/16 and ff02::/16.
    package var needsZone: Bool {
        guard family == AF_INET6, isGroup else { return false }
        return withUnsafeBytes(of: storage) { (1...2).contains($0[9] & 0xf) }
    }

    /// An address of one link, fe80::/10, which is another host's on each interface.
    package var isLinkLocal: Bool {
        family == AF_INET6
            && withUnsafeBytes(of: storage) { $0[8] == 0xfe && $0[9] & 0xc0 == 0x80 }
    }

    /// 255.255.255.255, which reaches many hosts on every network.
    package var isLimitedBroadcast: Bool {
        family == AF_INET && withUnsafeBytes(of: storage) { $0[4..<8].allSatisfy { $0 == 0xff } }
    }

    /// Whether it is an IPv4 group in the form of an IPv6 address, which no socket can join.
    package var isMappedGroup: Bool { groupForm == .mapped }

    private enum GroupForm { case none, own, mapped }

    private var groupForm: GroupForm {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET: return bytes[4] >> 4 == 0xe ? .own : .none
            case AF_INET6:
                let address = bytes[8..<24]
                if address.first == 0xff { return .own }
                let isMapped =
                    address.prefix(10).allSatisfy { $0 == 0 } && bytes[18] == 0xff
                    && bytes[19] == 0xff
                return isMapped && bytes[20] >> 4 == 0xe ? .mapped : .none
            default: return .none
            }
        }
    }

    /// Changes the port of an IPv4 or IPv6 address.
    package mutating func setPort(_ port: UInt16) {
        guard self.port != nil else { return }
        // In both forms it stands behind the family.
        withUnsafeMutableBytes(of: &storage) {
            $0.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
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
    /// `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80`, or a path or `@` and an abstract name, escaped
    /// as in a URL.
    package var description: String {
        switch family {
        case AF_INET: return "\(host):\(port ?? 0)"
        case AF_INET6: return "[\(host)\(scope == 0 ? "" : "%\(scope)")]:\(port ?? 0)"
        case AF_UNIX: return PercentCoding.encoded(path: host)
        default: return "unknown"
        }
    }

    /// The address without port and zone, the path, or `@` and an abstract name.
    package var host: String {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_UNIX:
                let name = bytes[2..<max(2, min(Int(length), 110))]
                guard name.count > 1, name.first == 0 else {
                    return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                }
                return "@" + String(decoding: name.dropFirst(), as: UTF8.self)
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
