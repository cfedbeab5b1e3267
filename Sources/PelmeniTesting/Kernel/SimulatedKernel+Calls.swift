internal import Glibc
internal import PelmeniCore

// Calls that never wait.
extension SimulatedKernel {
    /// A connected descriptor that the ring knows.
    func stream(_ socket: Int32) -> UnsafeMutablePointer<SimulatedSocket>? {
        guard let row = row(socket) else { return nil }
        guard row.pointee.kind == .stream, row.pointee.isAttached else {
            violate("descriptor \(socket) is not an attached stream")
            return nil
        }
        if row.pointee.isUnsettled { violate("descriptor \(socket) is used, but not settled") }
        return row
    }

    func setUpConnected(_ socket: Int32, isUnix: Bool) {
        guard let row = row(socket) else { return }
        if row.pointee.isUnsettled != isUnix { violate("descriptor \(socket) is settled wrongly") }
        row.pointee.isUnsettled = false
    }

    func isUnixStream(_ number: Int) -> Bool {
        let peer = peers[number]
        return peer.isClient ? world.listensOnUnix(peer.plan) : world.forwardsToUnix(peer.plan)
    }

    /// A peer of a Unix stream may pass descriptors with its bytes: as often as a read ends early,
    /// which they cause.
    func descriptors(of number: Int) -> Completion.Flags {
        guard isUnixStream(number), random.chance(faults.shortReceive) else { return [] }
        hit(.descriptorsPassed)
        return .descriptors
    }

    func open() -> Int32 {
        let socket = allocate(.unconnected)
        if socket < 0 { hit(.openNoDescriptor) }
        return socket
    }

    func reachesItself(_ socket: Int32) -> Bool { row(socket)?.pointee.reachesItself ?? false }

    /// An address that tells the clients of a pair apart, or that of a flow's upstream.
    func peerName(_ socket: Int32) -> SocketAddress {
        if let row = row(socket), row.pointee.kind == .datagrams {
            return messages.sockets[row.pointee.number].destination.address
        }
        guard let row = row(socket), row.pointee.kind == .stream,
            !isUnixStream(row.pointee.number)
        else {
            return SocketAddress()
        }
        let peer = peers[row.pointee.number]
        return SocketAddress(
            v4: 0x0a01_0000 | UInt32(peer.plan) << 8, port: UInt16(truncatingIfNeeded: peer.number))
    }

    func shutdownWrite(_ socket: Int32) -> Int32 {
        guard let row = stream(socket) else { return -EBADF }
        let peer = peers + row.pointee.number
        if row.pointee.send.isInFlight {
            violate("descriptor \(socket) ends its stream while a send is in flight")
        }
        if peer.pointee.outgoing.endWritten {
            violate("descriptor \(socket) ends its stream twice")
        }
        note("end on \(socket)")
        guard !peer.pointee.resetArrived else { return -ENOTCONN }
        checkEnd(row.pointee.number)
        checkFrames(row.pointee.number)
        peer.pointee.outgoing.endWritten = true
        move(outgoing: row.pointee.number)
        return 0
    }

    func close(_ socket: Int32, reset: Bool) {
        guard let it = free(socket) else { return }
        note(reset ? "close of \(socket) with a reset" : "close of \(socket)")
        switch it.kind {
        case .stream: closeStream(it.number, reset: reset)
        case .datagrams: closeDatagrams(it)
        case .listener: violate("a listener is closed as a stream")
        case .pipe: violate("a pipe is closed as a stream")
        case .closed, .unconnected, .reserve: break
        }
    }

    private func closeStream(_ number: Int, reset: Bool) {
        let peer = peers + number
        let pipe = peer.pointee.incoming
        peer.pointee.socket = -1
        peer.pointee.proxyClosed = true
        guard !peer.pointee.resetArrived else { return }
        if reset { hit(.resetByProxy) }
        if pipe.unread > 0 { hit(.closeWithUnread) }
        guard !reset, pipe.unread == 0 else {
            if peer.pointee.state != .ended { abort(number) }
            return
        }
        if !peer.pointee.outgoing.endWritten { checkEnd(number) }
        checkFrames(number)
        peer.pointee.outgoing.endWritten = true
        move(outgoing: number)
        if peer.pointee.readsFrom == .max {
            // The kernel gives up on a peer that never reads the rest.
            events.add(.resetAtPeer, at: time + 60_000_000_000, number: number)
        }
    }

    /// An end in order means that all bytes were sent: check that they were, as far as they had
    /// come.
    private func checkEnd(_ number: Int) {
        endChaos(number)
        let peer = peers[number]
        guard let sender = peer.reader.sender, !isChaosFinished(number) else { return }
        let rows = peer.isClient ? upstreamRows[peer.plan] : clientRows[peer.plan]
        guard sender < rows.count else { return }
        let source = peers[rows[sender]]
        guard peer.reader.count != source.incoming.arrived else { return }
        violate(
            "\(Self.name(peer)) is sent an end in order after \(peer.reader.count) of"
                + " \(source.incoming.arrived) bytes")
    }

    func outstanding(_ socket: Int32) -> Int64 {
        guard let row = row(socket) else { return Int64(-EBADF) }
        guard row.pointee.kind == .stream else { return 0 }
        let pipe = peers[row.pointee.number].outgoing
        // SIOCOUTQ counts the end as a byte.
        return Int64(pipe.transit + (pipe.endWritten && !pipe.endArrived ? 1 : 0))
    }

    func acknowledged(_ socket: Int32) -> Int64 {
        guard world.tellsAcknowledged, let row = stream(socket) else { return Int64(-ENOPROTOOPT) }
        return Int64(peers[row.pointee.number].outgoing.arrived)
    }

    func sentAgo(_ socket: Int32) -> UInt64 {
        guard world.tellsAcknowledged, let row = stream(socket) else { return .max }
        return time - peers[row.pointee.number].outgoing.arrivedAt
    }

    func isBroken(_ socket: Int32) -> Bool {
        guard let row = stream(socket) else { return false }
        let peer = peers[row.pointee.number]
        return peer.resetArrived && peer.errorPending
    }

    func isOver(_ socket: Int32) -> Bool {
        guard let row = stream(socket) else { return false }
        let peer = peers[row.pointee.number]
        return peer.resetArrived || peer.incoming.endArrived
    }

    func isGone(_ socket: Int32) -> Bool {
        guard let row = stream(socket) else { return false }
        return peers[row.pointee.number].resetArrived
    }

    func hasUnread(_ socket: Int32) -> Bool {
        guard let row = stream(socket) else { return false }
        return peers[row.pointee.number].incoming.unread > 0
    }

    func acceptWaiting(_ listener: Int32) -> Int32 {
        guard let row = row(listener), row.pointee.kind == .listener else { return -EBADF }
        let plan = row.pointee.number
        guard !row.pointee.isRefusing else { return -EINVAL }
        guard !backlogs[plan].isEmpty else { return -EAGAIN }
        let accepted = allocate(.stream)
        guard accepted >= 0 else { return accepted }
        adopt(accepted, backlogs[plan].removeFirst())
        return accepted
    }

    func closeListener(_ listener: Int32) {
        guard let it = free(listener) else { return }
        guard it.kind == .listener else {
            return violate("descriptor \(listener) is closed as a listener")
        }
        note("close of listener \(listener)")
        resetBacklog(it.number)
        listeners[it.number] = -1
    }
}
