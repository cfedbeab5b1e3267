/// The ring of a ``RingHost``: every call is forwarded.
///
/// The worker is specialised for this struct, in this module; only what leaves it is an indirect
/// call.
struct HostedRing: Ring, ~Copyable {
    private var host: any RingHost
    let calls: HostedCalls
    let isMultishot: Bool
    let mayMissEnds: Bool

    init(host: any RingHost) {
        self.host = host
        calls = HostedCalls(calls: host.calls)
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
        _ socket: Int32, blockClass: BlockClass, limit: Int, isUnix: Bool, expectsBytes: Bool,
        token: Token
    ) {
        host.receive(
            socket, blockClass: blockClass, limit: limit, isUnix: isUnix,
            expectsBytes: expectsBytes, token: token)
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

    mutating func splice(
        from: Int32, slot: UInt32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult {
        host.splice(from: from, slot: slot, to: to, pipe: pipe, inside: inside, most: most)
    }
}

/// The calls of a ``RingHost``.
struct HostedCalls: SystemCalls {
    let calls: any SystemCalls

    func openPipe(bytes: Int) -> SplicePipe { calls.openPipe(bytes: bytes) }
    func closePipe(_ pipe: SplicePipe) { calls.closePipe(pipe) }
    func now() -> UInt64 { calls.now() }
    func open(family: Int32) -> Int32 { calls.open(family: family) }

    func setUpConnected(_ socket: Int32, isUnix: Bool) {
        calls.setUpConnected(socket, isUnix: isUnix)
    }

    func openDatagrams(
        to address: UnsafePointer<SocketAddress>, kind: SocketKind, options: DatagramOptions
    ) -> Int32 {
        calls.openDatagrams(to: address, kind: kind, options: options)
    }

    func takeReports(_ socket: Int32, isRaw: Bool) -> NetworkReports {
        calls.takeReports(socket, isRaw: isRaw)
    }

    func widenSendBuffer(_ socket: Int32, bytes: Int32) -> Int {
        calls.widenSendBuffer(socket, bytes: bytes)
    }

    func configure(_ socket: Int32, family: Int32, options: SocketOptions) -> Int32 {
        calls.configure(socket, family: family, options: options)
    }

    func peerName(_ socket: Int32) -> SocketAddress { calls.peerName(socket) }

    func reachesItself(_ socket: Int32, port: UInt16) -> Bool {
        calls.reachesItself(socket, port: port)
    }

    func shutdownWrite(_ socket: Int32) -> Int32 { calls.shutdownWrite(socket) }
    func close(_ socket: Int32) { calls.close(socket) }
    func closeWithReset(_ socket: Int32) { calls.closeWithReset(socket) }
    func outstanding(_ socket: Int32) -> Int64 { calls.outstanding(socket) }
    func acknowledged(_ socket: Int32) -> Int64 { calls.acknowledged(socket) }
    func sentAgo(_ socket: Int32) -> UInt64 { calls.sentAgo(socket) }
    func isBroken(_ socket: Int32) -> Bool { calls.isBroken(socket) }
    func isOver(_ socket: Int32) -> Bool { calls.isOver(socket) }
    func stirs(_ socket: Int32) -> Bool { calls.stirs(socket) }
    func isGone(_ socket: Int32) -> Bool { calls.isGone(socket) }
    func hasUnread(_ socket: Int32) -> Bool { calls.hasUnread(socket) }
    func acceptWaiting(_ listener: Int32) -> Int32 { calls.acceptWaiting(listener) }
    func closeListener(_ listener: Int32) { calls.closeListener(listener) }
    func refuse(_ listener: Int32) -> Int32 { calls.refuse(listener) }

    func listenAgain(_ listener: Int32, backlog: Int) -> Int32 {
        calls.listenAgain(listener, backlog: backlog)
    }

    func openReserve() -> Int32 { calls.openReserve() }
}
