/// The ring of a ``RingHost``: every call is forwarded.
///
/// The worker is specialised for this struct, in this module; only what leaves it is an indirect
/// call.
struct HostedRing: Ring, ~Copyable {
    private var host: any RingHost
    let isMultishot: Bool
    let mayMissEnds: Bool

    init(host: any RingHost) {
        self.host = host
        isMultishot = host.isMultishot
        mayMissEnds = host.mayMissEnds
    }

    var enters: UInt64 { host.enters }

    // MARK: Operations

    mutating func attach(_ socket: Int32, token: Token, isShared: Bool, isUnix: Bool) -> Int32 {
        host.attach(socket, token: token, isShared: isShared, isUnix: isUnix)
    }

    mutating func detach(_ token: Token) { host.detach(token) }

    mutating func accept(_ listener: Int32, multishot: Bool, token: Token) {
        host.accept(listener, multishot: multishot, token: token)
    }

    mutating func connect(
        _ socket: Int32, to address: UnsafePointer<SocketAddress>, token: Token
    ) {
        host.connect(socket, to: address, token: token)
    }

    mutating func receive(
        _ socket: Int32, blockClass: BlockClass, limit: Int, expectsBytes: Bool, token: Token
    ) {
        host.receive(
            socket, blockClass: blockClass, limit: limit, expectsBytes: expectsBytes, token: token)
    }

    mutating func send(_ socket: Int32, first: PieceID, count: Int, token: Token) {
        host.send(socket, first: first, count: count, token: token)
    }

    mutating func receiveDatagrams(
        _ socket: Int32, isUnix: Bool, isListener: Bool, token: Token
    ) {
        host.receiveDatagrams(socket, isUnix: isUnix, isListener: isListener, token: token)
    }

    mutating func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token
    ) {
        host.sendDatagrams(socket, outgoing, token: token)
    }

    mutating func awaitReadable(_ socket: Int32, token: Token) {
        host.awaitReadable(socket, token: token)
    }

    mutating func awaitWritable(_ socket: Int32, slot: UInt32, token: Token) {
        host.awaitWritable(socket, slot: slot, token: token)
    }

    mutating func cancelWritable(_ target: Token, slot: UInt32) {
        host.cancelWritable(target, slot: slot)
    }

    mutating func wake(_ event: Int32, token: Token) { host.wake(event, token: token) }

    mutating func cancel(_ target: Token) { host.cancel(target) }

    mutating func submit(until deadline: UInt64) -> Int32 { host.submit(until: deadline) }

    mutating func next() -> Completion? { host.next() }

    func available(_ blockClass: BlockClass) -> Int { host.available(blockClass) }

    func reachable(_ blockClass: BlockClass) -> Int { host.reachable(blockClass) }

    mutating func refill() { host.refill() }

    // MARK: Calls that never wait

    mutating func splice(
        from: Int32, slot: UInt32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult {
        host.splice(from: from, slot: slot, to: to, pipe: pipe, inside: inside, most: most)
    }

    mutating func openPipe(bytes: Int) -> SplicePipe { host.openPipe(bytes: bytes) }

    mutating func closePipe(_ pipe: SplicePipe) { host.closePipe(pipe) }

    mutating func now() -> UInt64 { host.now() }

    mutating func open(family: Int32) -> Int32 { host.open(family: family) }

    mutating func setUpConnected(_ socket: Int32, isUnix: Bool) {
        host.setUpConnected(socket, isUnix: isUnix)
    }

    mutating func openDatagrams(
        to address: UnsafePointer<SocketAddress>, buffer: ReceiveBuffer
    ) -> Int32 {
        host.openDatagrams(to: address, buffer: buffer)
    }

    mutating func widenSendBuffer(_ socket: Int32) -> Int { host.widenSendBuffer(socket) }

    mutating func configure(_ socket: Int32, family: Int32, options: SocketOptions) -> Int32 {
        host.configure(socket, family: family, options: options)
    }

    mutating func shutdownWrite(_ socket: Int32) -> Int32 { host.shutdownWrite(socket) }

    mutating func close(_ socket: Int32) { host.close(socket) }

    mutating func closeWithReset(_ socket: Int32) { host.closeWithReset(socket) }

    func outstanding(_ socket: Int32) -> Int64 { host.outstanding(socket) }

    func acknowledged(_ socket: Int32) -> Int64 { host.acknowledged(socket) }

    func sentAgo(_ socket: Int32) -> UInt64 { host.sentAgo(socket) }

    func isBroken(_ socket: Int32) -> Bool { host.isBroken(socket) }

    func isOver(_ socket: Int32) -> Bool { host.isOver(socket) }

    func isGone(_ socket: Int32) -> Bool { host.isGone(socket) }

    func hasUnread(_ socket: Int32) -> Bool { host.hasUnread(socket) }

    mutating func acceptWaiting(_ listener: Int32) -> Int32 { host.acceptWaiting(listener) }

    mutating func closeListener(_ listener: Int32) { host.closeListener(listener) }

    mutating func openReserve() -> Int32 { host.openReserve() }
}
