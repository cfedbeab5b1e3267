/// The session of a driver's call, lent for the call: its commands are carried out in order once
/// the call has returned.
///
/// After ``commandsMax`` commands no more are taken in a call: leave bytes in the buffer, and the
/// driver is called again with them. A driver that gives more ends its session.
public struct Context: ~Copyable {
    /// Commands of one call, at most.
    public static let commandsMax = 256

    @usableFromInline
    let call: UnsafeMutablePointer<DriverCall>

    @inline(__always)
    init(_ call: UnsafeMutablePointer<DriverCall>) { self.call = call }

    // MARK: What a driver may ask

    /// The client's address. A Unix stream has none: it is `unnamed`.
    public var client: Address {
        if let name = call.pointee.clientName { return Address(name.pointee) }
        return Address(call.pointee.row?.pointee.client.row ?? AddressRow())
    }

    /// The number of the upstream in the client's list; nil while none has accepted.
    public var upstream: Int? {
        guard let row = call.pointee.row, row.pointee.upstream >= 0 else { return nil }
        return Int(row.pointee.upstream)
    }

    /// There is a connection to an upstream, or a socket for its datagrams.
    public var hasUpstream: Bool { call.pointee.hasUpstream }

    /// The engine drains: it accepts no more, and waits for its sessions.
    public var isDraining: Bool { call.pointee.isDraining }

    /// The pair's other side has a stream, which a lost message breaks; else datagrams, which may
    /// be lost and are counted.
    public var hasOtherStream: Bool { call.pointee.otherSide.hasStream }

    /// Bytes of the longest message that the other side takes.
    public var longestMessage: Int { call.pointee.otherSide.longestMessage }

    /// An asynchronous hook has a message for this driver, or messages wait behind one: they will
    /// arrive after this call.
    public var awaitsHooks: Bool { call.pointee.otherSide.hasParked }

    /// Why there is no upstream.
    @usableFromInline
    var lostBy: EndCause { call.pointee.otherSide.lostBy }

    /// The address that the own socket is connected to; in ``ProtocolDriver/opened(_:_:)`` alone,
    /// `unnamed` elsewhere and where it is connected to none.
    public var peer: Address { Address(call.pointee.peer) }

    /// Commands that this call may still give.
    public var room: Int { Self.commandsMax - call.pointee.count }

    /// Bytes sent on the own stream that the kernel has not taken yet, without those of this call.
    public var queued: Int { call.pointee.queued }

    /// Monotonic nanoseconds, read once in each loop of the worker.
    public var now: UInt64 { call.pointee.now }

    // MARK: Commands

    /// Sends bytes on the own stream, or a datagram to the own side's peer.
    public func send(_ data: consuming Buffer) { append(.send, data.takeRow()) }

    /// Gives bytes or a message to the pair's other side, through the hooks. A chunk without bytes
    /// is nothing; a message without bytes is one, where the other side can carry it.
    public func deliver(_ data: consuming Buffer) { append(.deliver, data.takeRow()) }

    /// Ends the other side's stream behind everything delivered; what is delivered later is
    /// dropped. Datagrams have no end; a session between an own stream and clients of datagrams
    /// ends.
    public func deliverEnd() { append(.deliverEnd) }

    /// Ends the own stream behind everything sent. Datagrams have no end.
    public func shutdown() { append(.shutdown) }

    /// Stops reading the own stream.
    public func pause() { append(.pause) }

    /// Reads the own stream again.
    public func resume() { append(.resume) }

    /// Calls ``ProtocolDriver/drained(_:_:)`` once, when the own stream's queue is empty.
    public func awaitDrained() { append(.awaitDrained) }

    /// Connects to an upstream, of a driver of a server that ``ProtocolDriver/dials``. The outcome
    /// comes as ``ProtocolDriver/connected(_:_:)`` or ``ProtocolDriver/unreachable(_:_:_:)``. While
    /// there is an upstream it is nothing. Messages that are delivered before are dropped.
    public func connect() { append(.connect) }

    /// Closes the upstream's connection or socket, of a driver that ``ProtocolDriver/dials``: what
    /// it sent and was not taken is dropped, and what it still sends arrives at no later one.
    public func disconnect() { append(.closeUpstream) }

    /// Lets messages of the other side wait until ``takeArrivals()``: a stream there is not read
    /// any further, and datagrams beyond a bound are dropped.
    public func holdArrivals() {
        var command = DriverCommand(.hold)
        command.flag = true
        append(command)
    }

    /// Lets messages of the other side come again, one in each call.
    public func takeArrivals() { append(.hold) }

    /// Counts a message that is not delivered.
    public func drop(_ reason: DropReason = .surplus) {
        var command = DriverCommand(.drop)
        command.number = UInt64(reason.rawValue)
        append(command)
    }

    /// Calls ``ProtocolDriver/timer(_:_:)`` once after a time, in place of an earlier one; nil is
    /// never. The worker's timers have a tick of some milliseconds.
    public func timer(after time: Duration?) {
        call.pointee.append(.timer(after: time))
    }

    /// Ends the session: what was sent and delivered before goes out, then both sides see an end,
    /// or streams a reset.
    ///
    /// - Parameter cause: how the session is counted.
    public func end(_ cause: EndCause = .completed, reset: Bool = false) {
        var command = DriverCommand(.end)
        command.cause = cause
        command.flag = reset
        append(command)
    }

    /// As ``end(_:reset:)``, with a reason for the log.
    ///
    /// - Parameter reason: up to 200 bytes of it are logged.
    public func end(_ cause: EndCause, reset: Bool = false, reason: String) {
        call.pointee.noteReason(reason)
        var command = DriverCommand(.end)
        command.cause = cause
        command.flag = reset
        command.number = 1
        append(command)
    }

    private func append(_ kind: DriverCommand.Kind, _ row: BufferRow = BufferRow()) {
        call.pointee.append(DriverCommand(kind, row))
    }

    private func append(_ command: DriverCommand) { call.pointee.append(command) }

    /// An error ends the session, and its text is the reason.
    @usableFromInline
    func note(_ error: any Error) { call.pointee.note(error) }
}
