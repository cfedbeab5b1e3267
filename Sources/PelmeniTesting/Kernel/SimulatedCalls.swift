internal import PelmeniCore

/// The simulated kernel's calls that never wait.
struct SimulatedCalls: SystemCalls {
    let kernel: SimulatedKernel

    func openDatagrams(
        to address: UnsafePointer<SocketAddress>, kind: SocketKind, options: DatagramOptions
    ) -> Int32 {
        let key = SimulatedKernel.key(address.pointee)
        kernel.trace(.openDatagrams, -1, Int(key))
        return kernel.openDatagrams(to: address.pointee, reportsErrors: kind.reportsErrors)
    }

    func openPipe(bytes: Int) -> SplicePipe {
        kernel.trace(.openPipe, -1, bytes)
        return kernel.openPipe(bytes: bytes)
    }

    func closePipe(_ pipe: SplicePipe) {
        kernel.trace(.closePipe, -1)
        kernel.closePipe(pipe)
    }

    func now() -> UInt64 { kernel.time }

    func open(family: Int32) -> Int32 {
        kernel.trace(.open, family)
        return kernel.open()
    }

    func setUpConnected(_ socket: Int32, isUnix: Bool) {
        kernel.trace(.settle, socket, isUnix ? 1 : 0)
        kernel.setUpConnected(socket, isUnix: isUnix)
    }

    func takeReports(_ socket: Int32, isRaw: Bool) -> NetworkReports {
        kernel.trace(.takeReports, socket)
        return kernel.takeReports(socket)
    }

    /// The clients have queues of their own.
    func widenSendBuffer(_ socket: Int32, bytes: Int32) -> Int { .max }

    func configure(
        _ socket: Int32, family: Int32, options: SocketOptions
    ) -> Int32 {
        kernel.trace(.configure, socket)
        _ = kernel.row(socket)
        return 0
    }

    func reachesItself(_ socket: Int32, port: UInt16) -> Bool { kernel.reachesItself(socket) }

    func peerName(_ socket: Int32) -> SocketAddress { kernel.peerName(socket) }

    func shutdownWrite(_ socket: Int32) -> Int32 {
        kernel.trace(.shutdown, socket)
        return kernel.shutdownWrite(socket)
    }

    func close(_ socket: Int32) {
        kernel.trace(.close, socket)
        kernel.close(socket, reset: false)
    }

    func closeWithReset(_ socket: Int32) {
        kernel.trace(.closeWithReset, socket)
        kernel.close(socket, reset: true)
    }

    func outstanding(_ socket: Int32) -> Int64 { kernel.outstanding(socket) }

    func acknowledged(_ socket: Int32) -> Int64 { kernel.acknowledged(socket) }

    func sentAgo(_ socket: Int32) -> UInt64 { kernel.sentAgo(socket) }

    func isBroken(_ socket: Int32) -> Bool { kernel.isBroken(socket) }

    func isOver(_ socket: Int32) -> Bool { kernel.isOver(socket) }

    func stirs(_ socket: Int32) -> Bool { kernel.isOver(socket) || kernel.hasUnread(socket) }

    func isGone(_ socket: Int32) -> Bool { kernel.isGone(socket) }

    func hasUnread(_ socket: Int32) -> Bool { kernel.hasUnread(socket) }

    func acceptWaiting(_ listener: Int32) -> Int32 {
        kernel.trace(.acceptWaiting, listener)
        return kernel.acceptWaiting(listener)
    }

    func closeListener(_ listener: Int32) {
        kernel.trace(.closeListener, listener)
        kernel.closeListener(listener)
    }

    func refuse(_ listener: Int32) -> Int32 {
        kernel.trace(.refuse, listener)
        return kernel.refuse(listener)
    }

    func listenAgain(_ listener: Int32, backlog: Int) -> Int32 {
        kernel.trace(.listenAgain, listener)
        return kernel.listenAgain(listener)
    }

    func openReserve() -> Int32 {
        kernel.trace(.openReserve, -1)
        return kernel.allocate(.reserve)
    }
}
