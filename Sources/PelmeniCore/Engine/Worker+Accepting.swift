internal import Glibc

// Accepting: armed while there is room for sessions, and ended by a drain.
extension Worker where R: ~Copyable {
    @inline(__always)
    mutating func accepted(_ completion: Completion) {
        let index = Int(completion.token.index) - 1
        let listener = listeners + index
        if !completion.more { listener.pointee.move(to: .idle) }
        if completion.result >= 0 {
            listener.pointee.errors = 0
            relay.open(completion.result, pair: listener.pointee.pair)
            if completion.more { boundMultishot(index) }
        } else {
            acceptFailed(index, completion.result)
        }
        guard listener.pointee.state == .idle else { return }
        if isDraining { closeListener(index) } else { arm(index) }
    }

    /// A multishot accept takes all that comes, so it ends while a backlog of them still fits.
    @inline(__always)
    private mutating func boundMultishot(_ index: Int) {
        guard relay.legs.room <= Limits.backlog else { return }
        cancelAccept(index)
    }

    /// Ends an accept in flight, unless that was asked for already.
    mutating func cancelAccept(_ index: Int) {
        guard listeners[index].state == .armed else { return }
        listeners[index].move(to: .ending)
        relay.legs.ring.cancel(Token(.accept, index: UInt32(index + 1), generation: 0))
    }

    private mutating func acceptFailed(_ index: Int, _ error: Int32) {
        let listener = listeners + index
        switch -error {
        case ECANCELED, EINTR, EAGAIN, ECONNABORTED, EPROTO: return
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            listener.pointee.dueAt = relay.legs.now &+ Self.acceptBackoff
        default:
            listener.pointee.errors &+= 1
            if listener.pointee.errors >= Self.acceptErrorsMax {
                listener.pointee.dueAt = relay.legs.now &+ 10 &* Self.acceptBackoff
            }
        }
        relay.legs.counters.add(.acceptPauses)
        relay.legs.events.report(
            WorkerEvent(kind: .acceptFailed, pair: listener.pointee.pair, error: error))
    }

    mutating func armListeners() {
        for index in 0..<listenerCount { arm(index) }
    }

    mutating func arm(_ index: Int) {
        let listener = listeners + index
        guard !isFull, !isDraining, listener.pointee.state == .idle else { return }
        guard listener.pointee.dueAt <= relay.legs.now else { return }
        guard !isDown(listener.pointee) else { return refuse(index) }
        listener.pointee.dueAt = 0
        let token = Token(.accept, index: UInt32(index + 1), generation: 0)
        let room = relay.legs.room
        guard room > 0, !relay.legs.lacksDescriptors else { return pause() }
        listener.pointee.move(to: .armed)
        relay.legs.ring.accept(
            listener.pointee.socket, multishot: room > Limits.backlog, token: token)
    }

    /// Connections wait in the backlog from now on.
    private mutating func pause() {
        guard !isFull else { return }
        isFull = true
        fullUntil = relay.legs.now &+ Self.acceptBackoff
        relay.legs.counters.add(.acceptPauses)
        if relay.legs.now >= pauseReportedAt &+ Self.pauseReportInterval {
            pauseReportedAt = relay.legs.now
            isPauseReported = true
            relay.legs.events.report(WorkerEvent(kind: .acceptPaused))
        }
        for index in 0..<listenerCount { cancelAccept(index) }
    }

    @inline(never)
    mutating func reconsiderAccepting() {
        if relay.legs.lacksDescriptors, !isFull, !isDraining { pause() }
        guard relay.legs.hasRoom else { return }
        relay.legs.hasRoom = false
        relay.legs.lacksDescriptors = false
        fullUntil = relay.legs.now &+ Self.acceptBackoff
        if isFull, relay.legs.room > 0 {
            isFull = false
            if isPauseReported {
                isPauseReported = false
                relay.legs.events.report(WorkerEvent(kind: .acceptResumed))
            }
        }
        guard !isFull, !isDraining else { return }
        for index in 0..<listenerCount where listeners[index].state == .idle {
            // A descriptor came back: no need to sit the rest out.
            listeners[index].dueAt = 0
            arm(index)
        }
    }

    @inline(__always)
    var backedOffListeners: Bool {
        for index in 0..<listenerCount
        where listeners[index].dueAt != 0 && listeners[index].dueAt <= relay.legs.now {
            return true
        }
        return false
    }

    /// Takes in what is left in the backlog, then closes: closing alone would reset those clients.
    mutating func closeListener(_ index: Int) {
        let listener = listeners + index
        guard listener.pointee.state != .closed else { return }
        listener.pointee.move(to: .closed)
        listener.pointee.dueAt = 0
        while relay.legs.room > 0 {
            let socket = relay.legs.calls.acceptWaiting(listener.pointee.socket)
            guard socket >= 0 else { break }
            relay.open(socket, pair: listener.pointee.pair)
        }
        closeSocket(of: index)
    }

    mutating func closeSocket(of index: Int) {
        relay.legs.ring.detach(Token(.accept, index: UInt32(index + 1), generation: 0))
        relay.legs.calls.closeListener(listeners[index].socket)
    }

    /// Those of datagrams stay until the last session of any worker is over: their clients' answers
    /// go out on them, and when one closes, the kernel gives clients of the others' sessions to
    /// listeners that do not know them.
    mutating func closeDatagramListeners() {
        for index in 0..<listenerCount
        where listeners[index].state == .taken {
            let slot = LegID(UInt32(index + 1))
            // Others that are not draining yet may still open a session.
            let isSettled = relay.legs.now &- drainedAt >= Self.drainCheck
            if isStopping || (isSettled && relay.legs.isListenerDone(slot)) {
                relay.legs.stopListening(slot)
            }
            if !relay.legs.isListening(slot) { listeners[index].move(to: .closed) }
        }
    }

    var listenersClosed: Bool {
        for index in 0..<listenerCount where listeners[index].state != .closed { return false }
        return true
    }
}
