internal import Glibc
internal import PelmeniCore

/// The ring over a ``SimulatedKernel``: one thread, one seed, every simulated fault.
final class SimulatedRing: RingHost {
    private let kernel: SimulatedKernel
    let calls: SimulatedCalls
    let isMultishot: Bool
    let mayMissEnds: Bool

    init(kernel: SimulatedKernel) {
        self.kernel = kernel
        calls = SimulatedCalls(kernel: kernel)
        isMultishot = kernel.world.isMultishot
        mayMissEnds = kernel.world.isMultishot && kernel.world.postsBlocks
        kernel.refill()
    }

    deinit { kernel.releasePosted() }

    var enters: UInt64 { kernel.enters }

    // MARK: Operations

    func attach(
        _ socket: Int32, token: Token, isShared: Bool, isUnix: Bool
    ) -> Int32 {
        kernel.trace(.attach, socket, isShared ? 1 : 0)
        guard token.kind != .wake else { return 0 }
        guard let row = kernel.row(socket) else { return 0 }
        row.pointee.isAttached = true
        kernel.slots[Int(token.index)] = socket
        return 0
    }

    func detach(_ token: Token) {
        kernel.trace(.detach, kernel.slots[Int(token.index)])
        let socket = kernel.slots[Int(token.index)]
        guard socket >= 0 else { return }
        kernel.row(socket)?.pointee.isAttached = false
        kernel.slots[Int(token.index)] = -1
    }

    func accept(_ listener: Int32, multishot: Bool, token: Token) {
        kernel.trace(.accept, listener, multishot ? 1 : 0)
        guard let row = kernel.row(listener) else { return }
        guard row.pointee.isAttached, row.pointee.kind == .listener else {
            return kernel.violate("an accept on descriptor \(listener), not an attached listener")
        }
        guard !row.pointee.isRefusing else {
            return kernel.violate("an accept on listener \(listener), which refuses")
        }
        guard kernel.begin(&row.pointee.accept, listener, token) else { return }
        row.pointee.accept.isMultishot = multishot
    }

    func connect(
        _ socket: Int32, to address: UnsafePointer<SocketAddress>, token: Token
    ) {
        let key = SimulatedKernel.key(address.pointee)
        kernel.trace(.connect, socket, Int(key))
        guard let row = kernel.row(socket) else { return }
        guard row.pointee.kind == .unconnected else {
            return kernel.violate("a connect on descriptor \(socket), which is connected")
        }
        row.pointee.isAttached = true
        _ = kernel.begin(&row.pointee.connect, socket, token, address: address)
    }

    func receive(
        _ socket: Int32, blockClass: BlockClass, limit: Int, isUnix: Bool, expectsBytes: Bool,
        token: Token
    ) {
        kernel.trace(.receive, socket, limit << 2 | Int(blockClass.rawValue))
        guard let row = kernel.stream(socket) else { return }
        guard kernel.begin(&row.pointee.receive, socket, token) else { return }
        if limit > blockClass.bytes, isUnix || kernel.isUnixStream(row.pointee.number) {
            // Such a receive may miss the stream's end, liburing's issue 1549.
            kernel.violate("a Unix stream is read more than one block at a time")
        }
        row.pointee.receive.blockClass = blockClass
        row.pointee.receive.limit = limit
        row.pointee.receive.isMultishot = isMultishot
        kernel.peers[row.pointee.number].wasRead = true
    }

    func send(_ socket: Int32, first: PieceID, count: Int, token: Token) {
        kernel.trace(.send, socket, count)
        guard let row = kernel.stream(socket) else { return }
        guard kernel.begin(&row.pointee.send, socket, token) else { return }
        kernel.beginSend(socket, first: first, count: count)
    }

    func receiveDatagrams(
        _ socket: Int32, isUnix: Bool, isListener: Bool, token: Token
    ) {
        kernel.trace(.receiveDatagrams, socket)
        guard let row = kernel.datagrams(socket) else { return }
        guard kernel.begin(&row.pointee.receive, socket, token) else { return }
        row.pointee.receive.blockClass = .datagram
        row.pointee.receive.isMultishot = true
        kernel.checkReceive(row.pointee.number, isUnix: isUnix, isListener: isListener)
    }

    func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token
    ) {
        kernel.trace(.sendDatagrams, socket, Int(outgoing.pointee.length))
        kernel.beginSend(socket, outgoing, token)
    }

    func awaitReadable(_ socket: Int32, token: Token) {
        kernel.trace(.awaitReadable, socket)
        kernel.awaitReadable(socket, token)
    }

    func awaitWritable(_ socket: Int32, slot: UInt32, token: Token) {
        kernel.trace(.awaitWritable, socket)
        if token.kind == .awaitWritable {
            kernel.awaitStreamRoom(socket, token)
        } else {
            kernel.awaitWritable(socket, token)
        }
    }

    func cancelWritable(_ target: Token, slot: UInt32) {
        kernel.trace(.cancelWritable, -1)
        if target.kind == .awaitWritable {
            cancel(target)
        } else {
            kernel.cancelWritable(target, slot: slot)
        }
    }

    func wake(_ event: Int32, token: Token) {
        kernel.trace(.wake, event)
        if kernel.wakeUp.token != nil { kernel.violate("two wakes are in flight") }
        kernel.wakeUp.token = token
        kernel.staged.append(
            SimulatedRequest(kind: .wake, socket: -1, token: token, address: nil))
    }

    func cancel(_ target: Token) {
        kernel.trace(.cancel, -1, Int(target.kind.rawValue))
        kernel.calledOff(target)
        kernel.staged.append(
            SimulatedRequest(kind: .cancel, socket: -1, token: target, address: nil))
    }

    func submit(until deadline: UInt64) -> Int32 {
        kernel.trace(.submit, -1, Int(truncatingIfNeeded: deadline))
        return kernel.submit(until: deadline)
    }

    func next() -> Completion? { kernel.next() }

    func available(_ blockClass: BlockClass) -> Int {
        kernel.pool.freeBlocks(blockClass) + posted(blockClass)
    }

    func reachable(_ blockClass: BlockClass) -> Int {
        kernel.world.postsBlocks ? posted(blockClass) : kernel.pool.freeBlocks(blockClass)
    }

    private func posted(_ blockClass: BlockClass) -> Int {
        switch blockClass {
        case .small: kernel.small.count
        case .bulk: kernel.bulk.count
        case .datagram: kernel.datagram.count
        }
    }

    func refill() {
        if kernel.world.postsBlocks { kernel.refill() }
    }

    func splice(
        from: Int32, slot: UInt32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult {
        kernel.trace(.splice, from, inside)
        return kernel.splice(from: from, to: to, pipe: pipe, inside: inside, most: most)
    }
}
