internal import Glibc

/// The address of a client or an upstream: an IP address and a port, or a Unix socket's path.
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
    /// empty for one without a name. The peer chose the path, which may have any byte but 0.
    public var host: String { row.isIP ? row.socketAddress.host : path }

    /// The number of the interface of a link-local IPv6 address, else nil.
    public var zone: UInt32? {
        guard row.isIP, row.socketAddress.scope != 0 else { return nil }
        return row.socketAddress.scope
    }

    /// `192.0.2.1:80`, `[2001:db8::1]:80`, `[fe80::1%2]:80`, a path, or `unnamed`: one word, with a
    /// path's odd bytes escaped as in a URL.
    public var description: String {
        if row.isIP { return row.socketAddress.description }
        return path.isEmpty ? "unnamed" : PercentCoding.encoded(path: path)
    }
}

/// An IP address in 24 bytes. A session's row has one: a ``SocketAddress`` would take 132.
package struct AddressRow: Hashable, Sendable {
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    private var scope: UInt32 = 0
    fileprivate private(set) var port: UInt16 = 0
    private var family: UInt8 = 0

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
