import Glibc

/// The source or destination of a datagram: a socket address in the kernel's form.
package struct DatagramAddress: Hashable, Sendable {
    private let bytes: [UInt8]

    package init(_ name: SocketName) {
        var bytes: [UInt8] = []
        _ = name.withAddress { address, length in
            bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
            return 0
        }
        self.bytes = bytes
    }

    /// - Parameter host: an IPv4 address as a number, its first part highest.
    package init(host: UInt32, port: UInt16) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        bytes = withUnsafeBytes(of: address) { Array($0) }
    }

    init(_ storage: UnsafeRawBufferPointer) { bytes = Array(storage) }

    func withAddress<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(bytes.count))
            }
        }
    }
}
