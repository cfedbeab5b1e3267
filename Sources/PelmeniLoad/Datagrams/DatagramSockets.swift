internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The sockets of a datagram load or origin, and the wait for them. Not the proxy's ring: a load
/// that reads one datagram at a time needs less.
struct DatagramSockets: ~Copyable {
    /// The token of the stop signal.
    static let wake = UInt64.max
    /// Bytes of a receive buffer: a burst of all clients.
    private static let room: Int32 = 4 << 20

    private let poller: Int32
    private let events: UnsafeMutablePointer<pelmeni_event>

    /// - Parameter socket: also watched, under token 0.
    init(signal: StopSignal, _ socket: Int32? = nil) throws(SystemError) {
        poller = pelmeni_poll_create()
        events = .allocate(capacity: Int(PELMENI_POLL_BATCH))
        guard poller >= 0 else { throw SystemError(code: poller) }
        try watch(signal.event, Self.wake)
        if let socket { try watch(socket, 0) }
    }

    deinit {
        if poller >= 0 { _ = pelmeni_socket_close(poller) }
        events.deallocate()
    }

    /// Level-triggered and readable only, called exclusive in the shim: with edges, a send would be
    /// one too.
    func watch(_ descriptor: Int32, _ token: UInt64) throws(SystemError) {
        let error = pelmeni_poll_add(poller, descriptor, token, 1)
        guard error == 0 else { throw SystemError(code: error) }
    }

    /// Waits; the number of ``token(_:)``, or a negative errno.
    func wait(until deadline: UInt64, now: UInt64) -> Int {
        let nanoseconds =
            deadline == .max ? Int64.max : Int64(clamping: deadline > now ? deadline - now : 0)
        return Int(pelmeni_poll_wait(poller, events, Int32(PELMENI_POLL_BATCH), nanoseconds))
    }

    func token(_ index: Int) -> UInt64 { events[index].token }

    /// A connected socket, watched under `token`. The caller closes it.
    func dial(_ target: SocketAddress, _ token: UInt64) throws(SystemError) -> Int32 {
        let socket = pelmeni_datagram_open(AF_INET, 1)
        guard socket >= 0 else { throw SystemError(code: socket) }
        var target = target
        let error = pelmeni_socket_connect(socket, &target, socklen_t(target.length))
        do throws(SystemError) {
            guard error == 0 else { throw SystemError(code: error) }
            try watch(socket, token)
        } catch {
            _ = pelmeni_socket_close(socket)
            throw error
        }
        return socket
    }

    /// A socket on a port of its own, on the loopback. The caller closes it.
    static func bind() throws(SystemError) -> (socket: Int32, port: UInt16) {
        let socket = pelmeni_datagram_open(AF_INET, 1)
        guard socket >= 0 else { throw SystemError(code: socket) }
        var room = Self.room
        // The system may grant less.
        _ = setsockopt(
            socket, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        var address = SocketAddress(v4: 0x7f00_0001, port: 0)
        var length = socklen_t(address.length)
        var error = pelmeni_socket_bind(socket, &address, length, 0)
        if error == 0 { error = pelmeni_socket_name(socket, &address, &length) }
        guard error == 0, let port = address.port else {
            _ = pelmeni_socket_close(socket)
            throw SystemError(code: error)
        }
        return (socket, port)
    }
}
