public import PelmeniCore
public import PelmeniRuntime

/// A ``Server`` with a protocol of its own, in its short form: what is done with a client's bytes,
/// and what is sent to it.
///
/// The endpoint says what is listened on: a stream listener's connections, or the clients of a
/// datagram socket, are a session each. The client's side is any built-in kind. Events that the two
/// methods do not cover are those of ``ProtocolDriver``; each has a default.
///
/// ```swift
/// struct Lines: CustomServer {
///     let client: any Client
///     let endpoint = Endpoint.tcp(host: "127.0.0.1", port: 8080)
///     var options = PairOptions()
///     var hooks: [HookTable] = []
///
///     func onReceive(
///         _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
///     ) throws {
///         while let line = data.takeLine() { context.deliver(line) }
///     }
/// }
/// ```
public protocol CustomServer: Server, ProtocolDriver {
    /// A chunk or a message for the session's client, behind all hooks. By default it is sent as it
    /// is.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func protocolSend(
        _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws
    /// Bytes or a datagram of the session's client, whose address is ``Context/client``. By default
    /// they are delivered as they are.
    ///
    /// What is not taken from the front of a stream's bytes is offered again, with what comes
    /// behind it.
    ///
    /// - Throws: an error, which ends the session; its text is the reason in the log.
    func onReceive(
        _ data: inout Buffer, _ state: inout State, _ context: borrowing Context
    ) throws
}

extension CustomServer {
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

    /// What came from the upstream is for ``protocolSend(_:_:_:)``.
    ///
    /// - Throws: the method's error.
    public func arrived(
        _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        try protocolSend(data, &state, context)
    }

    /// What the client sent is for ``onReceive(_:_:_:)``.
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

/// A ``Server`` whose sessions speak with their clients by a ``ProtocolDriver``.
public struct DrivenServer<Driver: ProtocolDriver>: Server {
    private let speaker: Driver
    /// The client that forwards what the driver delivers.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []
    /// What a TCP listener does with clients while no upstream takes connections.
    public var whenDown = WhenDown.accept
    /// The listening endpoint.
    public let endpoint: Endpoint

    /// - Parameters:
    ///   - driver: one for all sessions; each has a state of its own.
    ///   - client: forwards what the driver delivers.
    ///   - endpoint: what is listened on.
    ///   - options: everything else.
    public init(
        _ driver: Driver, _ client: any Client, listen endpoint: Endpoint,
        options: PairOptions = PairOptions()
    ) {
        speaker = driver
        self.client = client
        self.endpoint = endpoint
        self.options = options
    }

    /// The protocol, ready to be called by workers.
    public var driver: DriverTable? { DriverTable(speaker) }
}
