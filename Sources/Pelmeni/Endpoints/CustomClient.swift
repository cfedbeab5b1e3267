public import PelmeniCore
public import PelmeniRuntime

/// A ``Client`` with a protocol of its own, in its short form: what is sent to the upstream, and
/// what is done with its bytes.
///
/// The endpoints say what is dialled: a stream or a datagram socket for each session. The server's
/// side is any built-in kind. Events that the two methods do not cover are those of
/// ``ProtocolDriver``; each has a default.
///
/// ```swift
/// struct Lengths: CustomClient {
///     let endpoints: [Endpoint]
///     var hooks: [HookTable] = []
///
///     func protocolSend(
///         _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
///     ) throws {
///         context.send(try Buffer("\(data.count)\n"))
///     }
/// }
/// ```
public protocol CustomClient: Client, ProtocolDriver {
    /// A chunk or a message for the upstream, behind all hooks. By default it is sent as it is.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func protocolSend(
        _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws
    /// Bytes or a datagram of the upstream. By default they are delivered as they are.
    ///
    /// What is not taken from the front of a stream's bytes is offered again, with what comes
    /// behind it.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func onReceive(
        _ data: inout Buffer, _ state: inout State, _ context: borrowing Context
    ) throws
}

extension CustomClient {
    /// Sends the bytes as they are.
    ///
    /// - Throws: never.
    public func protocolSend(
        _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        context.send(data)
    }

    /// Delivers the bytes as they are.
    ///
    /// - Throws: never.
    public func onReceive(
        _ data: inout Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        context.deliver(data.take())
    }

    /// What came from the server's side is for ``protocolSend(_:_:_:)``.
    ///
    /// - Throws: the method's error.
    public func arrived(
        _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        try protocolSend(data, &state, context)
    }

    /// What the upstream sent is for ``onReceive(_:_:_:)``.
    ///
    /// - Throws: the method's error.
    public func received(
        _ data: inout Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        try onReceive(&data, &state, context)
    }

    /// The protocol, ready to be called by workers.
    @inlinable
    public var driver: DriverTable? { DriverTable(self) }
}

/// A ``Client`` whose sessions speak with their upstream by a ``ProtocolDriver``.
public struct DrivenClient<Driver: ProtocolDriver>: Client {
    private let speaker: Driver
    /// The endpoints in order.
    public let endpoints: [Endpoint]
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []

    /// - Parameters:
    ///   - driver: one for all sessions; each has a state of its own.
    ///   - endpoints: 1 to 64, all of one kind.
    public init(_ driver: Driver, to endpoints: [Endpoint]) {
        speaker = driver
        self.endpoints = endpoints
    }

    /// The protocol, ready to be called by workers.
    public var driver: DriverTable? { DriverTable(speaker) }
}
