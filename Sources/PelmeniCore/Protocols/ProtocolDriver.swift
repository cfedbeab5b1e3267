/// A protocol of one's own for one side of a pair: events in, commands out.
///
/// An engine calls it for each thing that happens, on the session's worker, and carries out the
/// commands of its ``Context`` in order once the call has returned. A driver never waits and never
/// acts by itself, so it cannot upset the engine: one that throws ends its own session.
///
/// A driver of a client speaks with the upstream, a driver of a server with the client. What it
/// delivers goes to the pair's other side, which is one of the built-in kinds, through the pair's
/// hooks; and what the other side brings, comes as `arrived`.
public protocol ProtocolDriver: SendableMetatype, Sendable {
    /// One for each session, from its opening to `closing`.
    associatedtype State = Void

    /// What passes between the driver and the other side.
    static var carries: Cargo { get }
    /// Bytes of the own stream that may be left untaken, at most: 1 to 256 KiB. Reading stops
    /// there, and a driver that still takes nothing ends its session.
    static var restMax: Int { get }
    /// Whether the session's upstream is connected on demand, and may be another one each time. A
    /// session then opens without one.
    ///
    /// A driver of a server connects by ``Context/connect()``; it stands before an upstream of
    /// datagrams. For a driver of a client the engine connects once a message has come for it and
    /// there is no connection; it stands behind a server of messages.
    static var dials: Bool { get }

    /// Says what socket of datagrams the protocol needs. Called once when an engine is made.
    ///
    /// - Parameter socket: UDP's; of no meaning for streams.
    /// - Throws: any error refuses the start, and its text is the reason.
    func initialize(_ socket: inout SocketRequest) throws
    /// A datagram of a server's socket belongs to the session of its sender's address and this
    /// number; nil drops it. Called before there is a session.
    func tag(of datagram: borrowing Buffer) -> UInt64?
    /// A session opens. An error closes it before its upstream is dialled.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func makeState() throws -> State
    /// Both sides are connected: from now on bytes may come and go. Of a driver that ``dials``: its
    /// own side is connected.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func opened(_ state: inout State, _ context: borrowing Context) throws
    /// An upstream is connected, after ``Context/connect()``.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func connected(_ state: inout State, _ context: borrowing Context) throws
    /// Of a driver that ``dials``: no upstream accepted, or the one that did is lost. There is none
    /// any more.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func unreachable(
        _ cause: EndCause, _ state: inout State, _ context: borrowing Context
    ) throws
    /// Bytes of the own stream, or one datagram.
    ///
    /// Of a stream `data` has the bytes that were left, and behind them those that came. What is
    /// not taken from the front is left, and is offered again once more has come. Of a datagram the
    /// rest is gone after the call.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func received(
        _ data: inout Buffer, _ state: inout State, _ context: borrowing Context
    ) throws
    /// The far side of the own stream has shut down its writing.
    ///
    /// `rest` has the bytes that were left untaken.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func ended(
        _ rest: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws
    /// A chunk or a message of the pair's other side, behind all hooks.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func arrived(
        _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws
    /// The other side's stream has ended, behind everything that arrived.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func otherEnded(_ state: inout State, _ context: borrowing Context) throws
    /// All bytes for the own stream are handed to the kernel, once after
    /// ``Context/awaitDrained()``.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func drained(_ state: inout State, _ context: borrowing Context) throws
    /// The time of ``Context/timer(after:)`` has passed.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func timer(_ state: inout State, _ context: borrowing Context) throws
    /// Of a driver that ``dials``: the engine drains. It accepts no more, and waits for its
    /// sessions.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func draining(_ state: inout State, _ context: borrowing Context) throws
    /// The session has ended. Commands are not carried out any more.
    func closing(_ cause: EndCause, _ state: inout State, _ context: borrowing Context)
}

/// What a ``ProtocolDriver`` exchanges with the pair's other side.
public enum Cargo: Sendable {
    /// Messages: the other side has datagrams, or a stream with a framing.
    case messages
    /// A stream of bytes, in chunks of any size: the other side has a stream without framing.
    case stream
}

extension ProtocolDriver {
    /// Messages.
    public static var carries: Cargo { .messages }
    /// 64 KiB.
    public static var restMax: Int { 64 << 10 }
    /// The engine connects as a session opens.
    public static var dials: Bool { false }

    /// UDP's, for endpoints of datagrams.
    ///
    /// - Throws: nothing; a driver's own may.
    public func initialize(_ socket: inout SocketRequest) throws {}

    /// A session for each address.
    public func tag(of datagram: borrowing Buffer) -> UInt64? { 0 }

    /// Nothing.
    ///
    /// - Throws: never.
    public func opened(_ state: inout State, _ context: borrowing Context) throws {}

    /// Nothing.
    ///
    /// - Throws: never.
    public func connected(_ state: inout State, _ context: borrowing Context) throws {}

    /// Ends the session with that cause, and resets streams.
    ///
    /// - Throws: never.
    public func unreachable(
        _ cause: EndCause, _ state: inout State, _ context: borrowing Context
    ) throws {
        context.end(cause, reset: true)
    }

    /// The other side is told of the end, too.
    ///
    /// - Throws: never.
    public func ended(
        _ rest: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        context.deliverEnd()
    }

    /// The own stream ends, too, behind what was sent.
    ///
    /// - Throws: never.
    public func otherEnded(_ state: inout State, _ context: borrowing Context) throws {
        context.shutdown()
    }

    /// Nothing.
    ///
    /// - Throws: never.
    public func drained(_ state: inout State, _ context: borrowing Context) throws {}

    /// Nothing.
    ///
    /// - Throws: never.
    public func timer(_ state: inout State, _ context: borrowing Context) throws {}

    /// Nothing: the session goes on.
    ///
    /// - Throws: never.
    public func draining(_ state: inout State, _ context: borrowing Context) throws {}

    /// Nothing.
    public func closing(_ cause: EndCause, _ state: inout State, _ context: borrowing Context) {}
}

extension ProtocolDriver where State == Void {
    /// No state.
    ///
    /// - Throws: never.
    public func makeState() throws {}
}
