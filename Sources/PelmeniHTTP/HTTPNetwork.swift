internal import Glibc
internal import Pelmeni

/// Addresses of clients: one, or a network in CIDR notation, `10.0.0.0/8` or `2001:db8::/32`.
public struct HTTPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 address is one of IPv6 that is mapped (RFC 4291, 2.5.5.2).
    private let high: UInt64
    private let low: UInt64
    /// Of 128.
    private let prefix: Int
    private let isV4: Bool

    private static let mappedBits = 96

    /// An address in digits, and behind a slash the number of its leading bits that count; without,
    /// all count.
    ///
    /// Nil for another text, and where a bit beyond the prefix is set: `10.0.0.1/8` may be meant as
    /// `10.0.0.0/8` or as `10.0.0.1`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let (high, low, isV4) = Self.address(String(parts[0]))
        else { return nil }
        let most = isV4 ? 32 : 128
        var prefix = most
        if parts.count == 2 {
            guard parts[1].count <= 3, parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let given = Int(parts[1]), given <= most
            else { return nil }
            prefix = given
        }
        self.prefix = isV4 ? prefix + Self.mappedBits : prefix
        self.isV4 = isV4
        (self.high, self.low) = (high, low)
        let (highMask, lowMask) = masks
        guard high & ~highMask == 0, low & ~lowMask == 0 else { return nil }
    }

    /// Whether an address in digits is one of these. A scope (`%eth0`) does not count.
    func contains(_ host: String) -> Bool {
        let digits = host.prefix { $0 != "%" }
        guard let (high, low, _) = Self.address(String(digits)) else { return false }
        let (highMask, lowMask) = masks
        return (high ^ self.high) & highMask == 0 && (low ^ self.low) & lowMask == 0
    }

    /// `10.0.0.0/8`; an address alone without a prefix.
    public var description: String {
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isV4 {
            var v4 = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
            inet_ntop(AF_INET, &v4, &name, socklen_t(name.count))
        } else {
            inet_ntop(AF_INET6, &address, &name, socklen_t(name.count))
        }
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return prefix == 128 ? text : "\(text)/\(isV4 ? prefix - Self.mappedBits : prefix)"
    }

    private var masks: (high: UInt64, low: UInt64) {
        // A shift by 64 is 0.
        (~(UInt64.max >> min(prefix, 64)), ~(UInt64.max >> max(0, prefix - 64)))
    }

    private static func address(_ text: String) -> (high: UInt64, low: UInt64, isV4: Bool)? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            return (0, 0xffff_0000_0000 | UInt64(UInt32(bigEndian: v4.s_addr)), true)
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        return withUnsafeBytes(of: v6) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), false
            )
        }
    }
}

/// The networks of a server's trusted clients, made once for a driver; they live as long as the
/// process.
struct TrustedClients: @unchecked Sendable {
    private let networks: UnsafeBufferPointer<HTTPNetwork>

    init(_ trusted: [HTTPNetwork]) {
        let memory = UnsafeMutableBufferPointer<HTTPNetwork>.allocate(capacity: trusted.count)
        _ = memory.initialize(from: trusted)
        networks = UnsafeBufferPointer(memory)
    }

    /// Once a session: the address becomes a text.
    func contains(_ client: Address) -> Bool {
        guard !networks.isEmpty, client.port != nil else { return false }
        let host = client.host
        return networks.contains { $0.contains(host) }
    }
}
