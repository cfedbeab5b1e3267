/// The session of a ``PairDriver``'s call, lent for the call: its commands are carried out in order
/// once the call has returned.
///
/// A side without a connection, or one that is dialled, takes no command: bytes are dropped. After
/// ``Context/commandsMax`` commands no more are taken in a call: leave bytes in the buffer, and the
/// driver is called again with them. A driver that gives more ends its session.
public struct PairContext: ~Copyable {
    @usableFromInline
    let call: UnsafeMutablePointer<DriverCall>

    @inline(__always)
    init(_ call: UnsafeMutablePointer<DriverCall>) { self.call = call }

    // MARK: What a driver may ask

    /// The client's address. A Unix stream has none: it is `unnamed`.
    public var client: Address { Address(call.pointee.row?.pointee.client.row ?? AddressRow()) }

    /// The number of the present or the last upstream in the client's list; nil before the first
    /// one.
    public var upstream: Int? {
        guard let row = call.pointee.row, row.pointee.upstream >= 0 else { return nil }
        return Int(row.pointee.upstream)
    }

    /// There is a connection to an upstream.
    public var hasUpstream: Bool { call.pointee.hasUpstream }

    /// That connection was parked: another session has used it.
    public var isReused: Bool { call.pointee.isReused }

    /// The engine drains: it accepts no more, and waits for its sessions.
    public var isDraining: Bool { call.pointee.isDraining }

    /// Commands that this call may still give.
    public var room: Int { Context.commandsMax - call.pointee.count }

    /// Bytes for a side that the kernel has not taken yet, without those of this call.
    public func queued(for side: PairSide) -> Int {
        side == .client ? call.pointee.queued : call.pointee.queuedUpstream
    }

    /// Bytes that a side's link has still to give: 0 without a link. It tells whether a body that
    /// the driver does not see moves.
    public func linkedBytesLeft(from side: PairSide) -> UInt64 {
        side == .client ? call.pointee.links.clientLeft : call.pointee.links.upstreamLeft
    }

    /// Bytes that a side's links have given the other side so far, in this session: a link until
    /// the stream's end counts too. Not all of them need be sent yet.
    public func linkedBytes(from side: PairSide) -> UInt64 {
        side == .client ? call.pointee.links.fromClient : call.pointee.links.fromUpstream
    }

    /// Monotonic nanoseconds, read once in each loop of the worker.
    public var now: UInt64 { call.pointee.now }

    // MARK: Commands

    /// Sends bytes to a side.
    public func send(_ data: consuming Buffer, to side: PairSide) {
        var command = DriverCommand(.send, data.takeRow())
        command.isOfClient = side == .client
        call.pointee.append(command)
    }

    /// Gives the next bytes of a side to the other one, without a call: first those that are left
    /// untaken, then those that come. The stream's end ends a link, too. A side has one link at a
    /// time: another one is nothing before ``PairDriver/linked(from:_:_:)`` or the end.
    ///
    /// - Parameter bytes: nil is until the stream's end. After 0 bytes the link is done at once.
    public func link(from side: PairSide, bytes: UInt64? = nil) {
        append(.link, side, number: bytes.map { min($0, .max - 1) } ?? .max)
    }

    /// Connects to an upstream: to a parked connection, or by dialling. The outcome comes as
    /// ``PairDriver/opened(_:_:_:)`` or ``PairDriver/unreachable(_:_:_:)``. While there is a
    /// connection it is nothing. Bytes that are sent to the upstream meanwhile go out first, and
    /// are lost where none accepts.
    ///
    /// - Parameter upstream: the number of the first one to try in the client's list; nil is the
    ///   next in turn.
    public func connect(upstream: Int? = nil) {
        append(.connect, .upstream, number: upstream.map { UInt64(clamping: $0 + 1) } ?? 0)
    }

    /// Leaves the upstream's connection to later sessions. One that is not clean is closed: bytes
    /// that were not taken, an end, or something that is still to be sent. So is one that gets a
    /// byte or an end while it is parked.
    ///
    /// - Parameter time: how long it may wait for a session.
    public func park(for time: Duration = .seconds(30)) {
        append(.park, .upstream, number: DriverCommand.nanoseconds(time))
    }

    /// Closes the upstream's connection, or gives up dialling. While the kernel has not taken all
    /// bytes for it, it is reset, and those are lost.
    public func closeUpstream(reset: Bool = false) {
        var command = DriverCommand(.closeUpstream)
        command.flag = reset
        call.pointee.append(command)
    }

    /// Ends the stream to a side behind everything sent.
    public func shutdown(_ side: PairSide) { append(.shutdown, side) }

    /// Offers no bytes of a side, and stops reading it.
    public func pause(_ side: PairSide) { append(.pause, side) }

    /// Offers a side's bytes, those that are left too, and reads it again.
    public func resume(_ side: PairSide) { append(.resume, side) }

    /// Calls ``PairDriver/drained(_:_:_:)`` once, when all bytes for a side are sent.
    public func awaitDrained(_ side: PairSide) { append(.awaitDrained, side) }

    /// Calls ``PairDriver/timer(_:_:)`` once after a time, in place of an earlier one; nil is
    /// never. The worker's timers have a tick of some milliseconds.
    public func timer(after time: Duration?) { call.pointee.append(.timer(after: time)) }

    /// Begins work that may wait, as a task on the session's worker until it waits for something.
    /// ``PairDriver/finished(_:_:_:)`` comes once it has returned. The session's end cancels the
    /// task, and nothing comes then.
    ///
    /// - Parameters:
    ///   - side: whose work it is. A side has one at a time: another one cancels it.
    ///   - work: must not use the context or the state. What it finds goes through an object of its
    ///     own.
    public func begin(for side: PairSide, _ work: @escaping @Sendable () async -> Void) {
        call.pointee.work.serial &+= 1
        let number = ParkedCall.number(
            call.pointee.work.session, isToClient: side == .upstream,
            serial: call.pointee.work.serial)
        let token = PairTask.begin(
            number, call.pointee.hook.pointee.answers.takeUnretainedValue(),
            call.pointee.work.executor?.takeUnretainedValue(), work)
        append(.begin, side, number: token)
    }

    /// Ends the session: what was sent to both sides goes out, and then they see an end, or are
    /// reset. Bytes that still come are dropped.
    ///
    /// - Parameter cause: how the session is counted.
    public func end(_ cause: EndCause = .completed, reset: Bool = false) {
        var command = DriverCommand(.end)
        command.cause = cause
        command.flag = reset
        call.pointee.append(command)
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
        call.pointee.append(command)
    }

    private func append(_ kind: DriverCommand.Kind, _ side: PairSide, number: UInt64 = 0) {
        var command = DriverCommand(kind)
        command.isOfClient = side == .client
        command.number = number
        call.pointee.append(command)
    }

    /// An error ends the session, and its text is the reason.
    @usableFromInline
    func note(_ error: any Error) { call.pointee.note(error) }
}
