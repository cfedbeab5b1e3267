internal import CPelmeni
internal import Glibc

/// The address of a client or an upstream: an IP address and a port, or a Unix socket's path or
/// abstract name.
public struct Address: Hashable, Sendable, CustomStringConvertible {
    private let row: AddressRow
    /// Of a Unix socket; empty for one without a name.
    private let path: String

    init(_ row: AddressRow, path: String = "") {
        self.row = row
        self.path = path
    }

    init(_ address: SocketAddress) {
        self.init(AddressRow(address), path: address.family == AF_UNIX ? address.host : "")
    }

    /// The port of an IP address, else nil.
    public var port: UInt16? { row.isIP ? row.port : nil }

    /// The IP address in digits, without brackets and without its zone; or a Unix socket's path,
    /// or `@` and its abstract name, empty for one without a name. The peer chose the path, which
    /// may have any byte but 0.
    public var host: String { row.isIP ? row.socketAddress.host : path }

    /// The number of the interface of a link-local IPv6 address, else nil.
    public var zone: UInt32? {
        guard row.isIP, row.socketAddress.scope != 0 else { return nil }
        return row.socketAddress.scope
    }

    /// `192.0.2.1:80`, `[2001:db8::1]:80`, `[fe80::1%2]:80`, a path, `@name`, or `unnamed`: one
    /// word, with a path's odd bytes escaped as in a URL.
    public var description: String {
        if row.isIP { return row.socketAddress.description }
        return path.isEmpty ? "unnamed" : PercentCoding.encoded(path: path)
    }
}

/// An IP address in 24 bytes: a ``SocketAddress`` would take 132.
package struct AddressRow: Hashable, Sendable {
    fileprivate var high: UInt64 = 0
    fileprivate var low: UInt64 = 0
    fileprivate var scope: UInt32 = 0
    fileprivate var port: UInt16 = 0
    fileprivate var family: UInt8 = 0

    package init() {}

    /// An address of another family leaves only that.
    package init(_ address: SocketAddress) {
        family = UInt8(truncatingIfNeeded: address.family)
        guard let port = address.port else { return }
        self.port = port
        withUnsafeBytes(of: address.storage) { bytes in
            if address.family == AF_INET {
                high = UInt64(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            } else {
                high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                low = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                scope = bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self)
            }
        }
    }

    fileprivate var isIP: Bool { Int32(family) == AF_INET || Int32(family) == AF_INET6 }

    fileprivate var socketAddress: SocketAddress {
        guard Int32(family) == AF_INET6 else {
            let address = UInt32(truncatingIfNeeded: high)
            return SocketAddress(v4: UInt32(bigEndian: address), port: port)
        }
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) {
            $0.storeBytes(of: high, as: UInt64.self)
            $0.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
        return SocketAddress(v6: address, port: port, scope: scope)
    }
}

/// The client's address in a session's row: 8 bytes. An IPv4 address, mapped into IPv6 or not, is
/// in place; another one of IPv6 has memory of its own.
struct ClientAddress {
    /// From the top: marks of 8 bits, the family in 8, the port in 16, the IPv4 address in 32. Or
    /// without marks a pointer, which is below them.
    private var rawValue: UInt64 = 0

    private static let inPlace: UInt64 = 1 << 63
    private static let mapped: UInt64 = 1 << 62
    private static let mappedPrefix: UInt64 = 0x0000_ffff_0000_0000

    /// No client.
    init() {}

    init(_ address: SocketAddress) {
        let row = AddressRow(address)
        let low = row.low.bigEndian
        let isMapped =
            Int32(row.family) == AF_INET6 && row.high == 0 && row.scope == 0
            && low & 0xffff_ffff_0000_0000 == Self.mappedPrefix
        guard Int32(row.family) != AF_INET6 || isMapped else {
            let memory = pelmeni_bytes_take(UInt64(MemoryLayout<AddressRow>.stride))
            let own = memory.bindMemory(to: AddressRow.self, capacity: 1)
            own.initialize(to: row)
            rawValue = UInt64(UInt(bitPattern: own))
            return
        }
        let v4 = isMapped ? low & 0xffff_ffff : row.high
        rawValue =
            Self.inPlace | (isMapped ? Self.mapped : 0) | UInt64(row.family) << 48
            | UInt64(row.port) << 32 | v4
    }

    var row: AddressRow {
        guard rawValue & Self.inPlace != 0 else { return memory?.pointee ?? AddressRow() }
        var row = AddressRow()
        row.family = UInt8(truncatingIfNeeded: rawValue >> 48)
        row.port = UInt16(truncatingIfNeeded: rawValue >> 32)
        let v4 = rawValue & 0xffff_ffff
        if rawValue & Self.mapped == 0 {
            row.high = v4
        } else {
            row.low = (Self.mappedPrefix | v4).bigEndian
        }
        return row
    }

    /// The session has ended.
    mutating func close() {
        if let memory { pelmeni_bytes_give_back(memory) }
        rawValue = 0
    }

    private var memory: UnsafeMutablePointer<AddressRow>? {
        guard rawValue & Self.inPlace == 0 else { return nil }
        return UnsafeMutablePointer(bitPattern: UInt(rawValue))
    }
}
