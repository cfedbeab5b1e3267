// Listeners that refuse clients while no upstream of their pair is up, so that a balancer in front
// sees it. Each worker knows its own upstreams' backoffs, and has a socket of its own: the kernel
// gives clients to the sockets that still listen.
extension Worker where R: ~Copyable {
    /// How often upstreams are probed while a listener refuses. Their backoff grows to 30 s, for
    /// which no client would be let in.
    static var probeInterval: UInt64 { 1_000_000_000 }

    /// Lets listeners refuse, probe and listen again as their upstreams fail and come back.
    @inline(never)
    mutating func tendRefusals() {
        for index in 0..<listenerCount where listeners[index].refusesWhenDown {
            let listener = listeners[index]
            if listener.state == .refusing {
                tendRefusing(index)
            } else if listener.state == .armed, isDown(listener) {
                // What its end finds is an idle listener of a pair that is down.
                cancelAccept(index)
            } else if listener.state == .idle, listener.dueAt <= relay.legs.now, isDown(listener) {
                refuse(index)
            }
        }
    }

    /// Whether clients of this listener are to be refused.
    @inline(__always)
    func isDown(_ listener: WorkerListener) -> Bool {
        listener.refusesWhenDown && relay.legs.pairs[listener.pair].isDown(relay.legs.now)
    }

    /// The socket refuses from now on. Connections in the backlog are reset.
    mutating func refuse(_ index: Int) {
        let listener = listeners + index
        let error = relay.legs.calls.refuse(listener.pointee.socket)
        listener.pointee.dueAt = relay.legs.now &+ Self.probeInterval
        guard error == 0 else { return failed(index, error) }
        listener.pointee.errors = 0
        listener.pointee.move(to: .refusing)
        relay.legs.counters.add(.refusals)
        relay.legs.events.report(
            WorkerEvent(kind: .listenerRefuses, pair: listener.pointee.pair))
    }

    private mutating func tendRefusing(_ index: Int) {
        let listener = listeners + index
        let isDue = listener.pointee.dueAt <= relay.legs.now
        guard !relay.legs.pairs[listener.pointee.pair].isUp else {
            // After an error, not in each loop.
            if isDue || listener.pointee.errors == 0 { listenAgain(index) }
            return
        }
        guard isDue else { return }
        listener.pointee.dueAt = relay.legs.now &+ Self.probeInterval
        listener.pointee.probe = relay.probe(listener.pointee.pair, after: listener.pointee.probe)
    }

    private mutating func listenAgain(_ index: Int) {
        let listener = listeners + index
        let error = relay.legs.calls.listenAgain(
            listener.pointee.socket, backlog: Limits.backlog)
        guard error == 0 else {
            listener.pointee.dueAt = relay.legs.now &+ Self.probeInterval
            return failed(index, error)
        }
        listener.pointee.errors = 0
        listener.pointee.dueAt = 0
        listener.pointee.move(to: .idle)
        relay.legs.events.report(
            WorkerEvent(kind: .listenerListens, pair: listener.pointee.pair))
        arm(index)
    }

    private mutating func failed(_ index: Int, _ error: Int32) {
        listeners[index].errors &+= 1
        relay.legs.events.report(
            WorkerEvent(kind: .acceptFailed, pair: listeners[index].pair, error: error))
    }
}
