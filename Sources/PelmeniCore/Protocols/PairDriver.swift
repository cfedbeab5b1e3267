/// A protocol of one's own for both sides of a pair of streams: events in, commands out.
///
/// As a ``ProtocolDriver`` it is called for each thing that happens, on the session's worker, and
/// the commands of its ``PairContext`` are carried out in order once the call has returned. It
/// dials its upstream when it wants one, as often as it wants, and may park a connection for the
/// next session; and it may ``PairContext/link(from:bytes:)`` one side to the other, so that bytes
/// pass without a call, through a pipe where the kernel allows.
///
/// A client's reset ends the session at once, with its upstream. Everything else is the driver's.
public protocol PairDriver: SendableMetatype, Sendable {
    /// One for each session, from its opening to `closing`.
    associatedtype State = Void

    /// Bytes of a side that may be left untaken, at most: 1 to 256 KiB. Reading stops there, and a
    /// driver that then takes nothing, links nothing and pauses nothing ends its session.
    static var restMax: Int { get }

    /// Called once when an engine is made.
    ///
    /// - Throws: any error refuses the start, and its text is the reason.
    func initialize() throws
    /// A session opens.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func makeState() throws -> State
    /// The client is connected, first of all; or an upstream is, after a
    /// ``PairContext/connect(upstream:)``.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func opened(_ side: PairSide, _ state: inout State, _ context: borrowing PairContext) throws
    /// No upstream accepted.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func unreachable(
        _ cause: EndCause, _ state: inout State, _ context: borrowing PairContext
    ) throws
    /// Bytes of a side: those that were left, and behind them those that came. What is not taken
    /// from the front is left, and is offered again once more has come, or after
    /// ``PairContext/resume(_:)``. A ``PairContext/link(from:bytes:)`` takes from it first.
    ///
    /// A side is offered no bytes while those for the other side fill its queue, or 1 MiB waits for
    /// itself.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func received(
        _ data: inout Buffer, from side: PairSide, _ state: inout State,
        _ context: borrowing PairContext
    ) throws
    /// All bytes of a side's link are with the other side. What came behind them is offered next.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func linked(
        from side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws
    /// A side has shut down its writing, behind everything received; a link that it had is over.
    ///
    /// `rest` has the bytes that were left untaken.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout State,
        _ context: borrowing PairContext
    ) throws
    /// The upstream's connection was reset, or failed, behind everything received; a link of either
    /// side is over, and there is no upstream any more.
    ///
    /// `rest` has the bytes that were left untaken.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func broken(
        _ rest: consuming Buffer, _ state: inout State, _ context: borrowing PairContext
    ) throws
    /// All bytes for a side are handed to the kernel, once after ``PairContext/awaitDrained(_:)``.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func drained(
        _ side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws
    /// The work of ``PairContext/begin(for:_:)`` has returned.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func finished(
        _ side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws
    /// The time of ``PairContext/timer(after:)`` has passed.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func timer(_ state: inout State, _ context: borrowing PairContext) throws
    /// The engine drains: it accepts no more, and waits for its sessions.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func draining(_ state: inout State, _ context: borrowing PairContext) throws
    /// The session has ended. Commands are not carried out any more.
    func closing(_ cause: EndCause, _ state: inout State, _ context: borrowing PairContext)
}

/// A side of a pair whose driver speaks with both.
public enum PairSide: Sendable {
    /// The accepted stream.
    case client
    /// The present upstream's stream.
    case upstream

    /// The other side.
    public var other: PairSide { self == .client ? .upstream : .client }
}

extension PairDriver {
    /// 64 KiB.
    public static var restMax: Int { 64 << 10 }

    /// Nothing.
    ///
    /// - Throws: never; a driver's own may.
    public func initialize() throws {}

    /// Ends the session with that cause, and resets the client.
    ///
    /// - Throws: never.
    public func unreachable(
        _ cause: EndCause, _ state: inout State, _ context: borrowing PairContext
    ) throws {
        context.end(cause, reset: true)
    }

    /// Nothing.
    ///
    /// - Throws: never.
    public func linked(
        from side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws {}

    /// A client's end is told to the upstream; an upstream's ends the session.
    ///
    /// - Throws: never.
    public func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout State,
        _ context: borrowing PairContext
    ) throws {
        if side == .client { context.shutdown(.upstream) } else { context.end() }
    }

    /// Ends the session, and resets the client.
    ///
    /// - Throws: never.
    public func broken(
        _ rest: consuming Buffer, _ state: inout State, _ context: borrowing PairContext
    ) throws {
        context.end(.upstreamReset, reset: true)
    }

    /// Nothing.
    ///
    /// - Throws: never.
    public func drained(
        _ side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws {}

    /// Nothing.
    ///
    /// - Throws: never.
    public func finished(
        _ side: PairSide, _ state: inout State, _ context: borrowing PairContext
    ) throws {}

    /// Nothing.
    ///
    /// - Throws: never.
    public func timer(_ state: inout State, _ context: borrowing PairContext) throws {}

    /// Nothing: the session goes on.
    ///
    /// - Throws: never.
    public func draining(_ state: inout State, _ context: borrowing PairContext) throws {}

    /// Nothing.
    public func closing(
        _ cause: EndCause, _ state: inout State, _ context: borrowing PairContext
    ) {}
}

extension PairDriver where State == Void {
    /// No state.
    ///
    /// - Throws: never.
    public func makeState() throws {}
}
