internal import Glibc

/// One thread's work: one ring, one pool, its listeners, and the sessions they bring.
///
/// A loop reaps the whole batch, dispatches it, and submits once. Everything in it is specialised
/// for the ring: the kernel's rings are met in ``WorkerThread``, a hosted one in ``HostedWorker``.
package struct Worker<R: Ring & ~Copyable>: ~Copyable {
    package var relay: Relay<R>
    let listeners: UnsafeMutablePointer<WorkerListener>
    let listenerCount: Int
    /// A listener may have to refuse its clients.
    private let mayRefuse: Bool
    let requests: WorkerRequests

    /// Connections wait in the backlog until a session ends.
    var isFull = false
    /// When a full worker looks again by itself: it may be full of other workers' sessions.
    var fullUntil: UInt64 = 0
    var isDraining = false
    var drainedAt: UInt64 = 0
    /// A worker at its limit pauses with every session: that is said once in a while.
    var pauseReportedAt: UInt64 = 0
    var isPauseReported = false
    var isStopping = false
    private var wakeArmed = false
    /// A wake-up came, whose requests are not read yet.
    private var hasRequests = false
    var quiet = QuietWatch()
    /// The ring's own error that ended the loop, or 0.
    package private(set) var failure: Int32 = 0

    /// Slots that are not legs: the wake-up and the listeners.
    package static func reservedSlots(listeners: Int) -> Int { 1 + listeners }

    /// The least time between two reports that accepting stopped.
    static var pauseReportInterval: UInt64 { 10_000_000_000 }
    /// How long accepting rests after an error, unless a session ends before.
    static var acceptBackoff: UInt64 { 100_000_000 }
    /// Waits for the last completion before a ring is given up: a second in all.
    static var endTurnsMax: Int { 10 }
    /// How often a drained worker looks whether others still have sessions of its datagram
    /// listeners.
    static var drainCheck: UInt64 { 50_000_000 }
    /// Errors in a row, other than being out of descriptors, after which a listener counts as
    /// broken.
    static var acceptErrorsMax: UInt32 { 100 }

    package init(
        relay: consuming Relay<R>, listeners: [WorkerListener], requests: WorkerRequests
    ) {
        self.relay = relay
        self.requests = requests
        listenerCount = listeners.count
        mayRefuse = listeners.contains(where: \.refusesWhenDown)
        self.listeners = .allocate(capacity: max(1, listeners.count))
        for (index, listener) in listeners.enumerated() {
            (self.listeners + index).initialize(to: listener)
        }
    }

    deinit { listeners.deallocate() }

    // MARK: The loop

    /// Runs until a drain has ended, a stop came, or the ring failed.
    @inline(never)
    package mutating func loop() { while runOnce() {} }

    /// Arms the wake-up and the listeners. False when the ring refuses one of them: ``failure``
    /// says why, and the worker is good for ``finish()`` only.
    package mutating func begin() -> Bool {
        failure = relay.legs.ring.attach(
            requests.event, token: Token(.wake, index: 0, generation: 0), isShared: false)
        guard failure == 0 else { return false }
        for index in 0..<listenerCount {
            failure = attach(index)
            guard failure == 0 else { return false }
        }
        armWake()
        // Addresses first: the first loop may bring clients along with the wake-up, and a pair
        // without an address is down.
        heedRequests()
        armListeners()
        return true
    }

    private mutating func attach(_ index: Int) -> Int32 {
        let listener = listeners[index]
        let slot = UInt32(index + 1)
        guard !listener.isDatagrams else {
            listeners[index].move(to: .taken)
            return relay.legs.listen(listener.socket, slot: LegID(slot), pair: listener.pair)
        }
        return relay.legs.ring.attach(
            listener.socket, token: Token(.accept, index: slot, generation: 0),
            isShared: listener.isShared)
    }

    /// One loop. False when there is nothing left to do.
    package mutating func runOnce() -> Bool {
        let before = relay.legs.now
        let error = relay.legs.ring.submit(until: nextTime())
        relay.legs.now = relay.legs.calls.now()
        guard error == 0 else { return fail(error) }
        if hasRequests { heedRequests() }
        var completions = 0
        while let completion = relay.legs.ring.next() {
            completions &+= 1
            switch completion.token.kind {
            case .wake: woken()
            case .accept: accepted(completion)
            case .unused, .connect, .receive, .send, .cancel, .receiveDatagrams, .sendDatagrams,
                .awaitReadable, .awaitWritable:
                relay.handle(completion)
            }
        }
        // Accepts that were on their way when the stop came bring sessions after it.
        if isStopping { relay.cutAll() }
        relay.finishLoop()
        quiet.note(completions, at: relay.legs.now)
        if quiet.take(at: relay.legs.now, waited: relay.legs.now &- before) { relay.trim() }
        if isFull, relay.legs.now >= fullUntil { relay.legs.hasRoom = true }
        if relay.legs.hasRoom || relay.legs.lacksDescriptors { reconsiderAccepting() }
        if !isDraining, !isFull, backedOffListeners { armListeners() }
        if mayRefuse, !isDraining { tendRefusals() }
        guard isDraining, relay.legs.isQuiet else { return true }
        closeDatagramListeners()
        return !(listenersClosed && relay.outgoing.used == 0)
    }

    @inline(__always)
    private func nextTime() -> UInt64 {
        if hasRequests { return 0 }
        var time = min(relay.nextTime(), quiet.dueAt)
        if isDraining, relay.legs.isQuiet {
            time = min(time, relay.legs.now &+ Self.drainCheck)
        }
        // A full worker's listeners wait for room, whatever else they rest for.
        guard !isFull else { return min(time, fullUntil) }
        for index in 0..<listenerCount where listeners[index].dueAt != 0 {
            time = min(time, listeners[index].dueAt)
        }
        return time
    }

    /// Gives back what the worker holds, after the loop has ended.
    package mutating func finish() {
        if failure == 0 {
            endWake()
        } else {
            relay.abandon()
            // With the relay's rows, those of datagrams are closed that it had taken over.
            for index in 0..<listenerCount where listeners[index].state == .taken {
                listeners[index].move(to: .closed)
            }
        }
        relay.legs.closeReserve()
        for index in 0..<listenerCount where listeners[index].state != .closed {
            listeners[index].move(to: .closed)
            closeSocket(of: index)
        }
    }

    private mutating func fail(_ error: Int32) -> Bool {
        failure = error
        relay.legs.events.report(WorkerEvent(kind: .ringFailed, error: error))
        return false
    }

    // MARK: Requests

    private mutating func armWake() {
        wakeArmed = true
        relay.legs.ring.wake(requests.event, token: Token(.wake, index: 0, generation: 0))
    }

    /// The kernel may write the wake-up's value for as long as the read of it is armed.
    private mutating func endWake() {
        relay.legs.ring.cancel(Token(.wake, index: 0, generation: 0))
        for _ in 0..<Self.endTurnsMax where wakeArmed {
            guard relay.legs.ring.submit(until: relay.legs.calls.now() &+ Self.acceptBackoff) == 0
            else { return }
            while let completion = relay.legs.ring.next() {
                if completion.token.kind == .wake { wakeArmed = false }
            }
        }
    }

    private mutating func woken() {
        wakeArmed = false
        hasRequests = true
        armWake()
    }

    /// Behind a submit alone: until then the ring's connects name the addresses where they lie. Not
    /// inlined, so that its one indirect call has one place.
    @inline(never)
    private mutating func heedRequests() {
        hasRequests = false
        let answer = WorkerRequests.Answer(
            rawValue: requests.reader(
                requests.context, UnsafeMutableRawPointer(relay.legs.pairs.rows)))
        if !answer.isEmpty, !isDraining { beginDrain() }
        if answer.contains(.stop) { isStopping = true }
    }

    private mutating func beginDrain() {
        isDraining = true
        drainedAt = relay.legs.now
        relay.drain()
        for index in 0..<listenerCount where !listeners[index].isDatagrams {
            if listeners[index].hasAccept {
                cancelAccept(index)
            } else {
                closeListener(index)
            }
        }
    }
}
