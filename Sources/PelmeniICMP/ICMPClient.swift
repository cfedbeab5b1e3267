public import Pelmeni

/// Forwards each message as the payload of an ICMP echo request, and takes the payload of its
/// answer as the response: `icmp://HOST`.
///
/// Any server of messages may stand before it. It opens a ping socket (icmp(7)) where the process
/// may, else a raw one. Up to 64 echoes of a session are out at once; answers are matched by their
/// sequence, come in any order, and once: what comes twice or after ``patience`` is dropped and
/// counted under `surplus`, and an echo without an answer by then is counted under `unanswered`.
///
/// A host that the network reports as unreachable ends the session, with the cause `noUpstream` or
/// `connectRefused`: a stream in front is reset.
public struct ICMPClient: CustomClient {
    /// The hosts in order.
    public let endpoints: [Endpoint]
    /// How long the answer to an echo is waited for: 1 ms and more.
    public var patience: Duration
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []

    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets).
    ///   - patience: how long the answer to an echo is waited for.
    public init(_ host: String, patience: Duration = .seconds(5)) {
        self.init([.host(host, scheme: "icmp")], patience: patience)
    }

    /// Several hosts, assigned round-robin; a session stays with its own.
    ///
    /// - Parameters:
    ///   - endpoints: 1 to 64, all `Endpoint.host` of scheme `icmp`.
    ///   - patience: how long the answer to an echo is waited for.
    public init(_ endpoints: [Endpoint], patience: Duration = .seconds(5)) {
        self.endpoints = endpoints
        self.patience = patience
    }

    /// No echo is out.
    public func makeState() -> Echoes { Echoes() }

    /// A ping socket, or a raw one.
    ///
    /// - Throws: an error that says what to allow, where the process may open neither; or that
    ///   ``patience`` is too short.
    public func initialize(_ socket: inout SocketRequest) throws {
        guard patience >= .milliseconds(1) else { throw ICMPRefusal.patience }
        if ICMPSocket.hasPing {
            socket = .datagram(v4: ICMPSocket.v4, v6: ICMPSocket.v6)
        } else if ICMPSocket.hasRaw {
            socket = .raw(
                v4: ICMPSocket.v4, v6: ICMPSocket.v6,
                messageType: (ICMPEcho.Version.v4.reply, ICMPEcho.Version.v6.reply))
        } else {
            throw ICMPRefusal.client
        }
        socket.reportsErrors = true
    }

    /// Notes the version of the host's address.
    ///
    /// - Throws: nothing.
    public func opened(_ state: inout Echoes, _ context: borrowing Context) throws {
        state.version = context.peer.host.contains(":") ? .v6 : .v4
    }

    /// Sends an echo request.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``, for a message that no packet can carry.
    public func protocolSend(
        _ data: consuming Buffer, _ state: inout Echoes, _ context: borrowing Context
    ) throws {
        if state.add(now: context.now) { context.drop(.unanswered) }
        // One timer for all echoes: it is set again when it fires, not with each of them.
        if !state.isTimed {
            state.isTimed = true
            context.timer(after: patience)
        }
        try ICMPEcho(
            type: state.version.request, identifier: state.identifier, sequence: state.sequence
        ).prepend(to: &data)
        context.send(data)
    }

    /// Counts the echoes that have waited too long, and waits for the next one.
    ///
    /// - Throws: nothing.
    public func timer(_ state: inout Echoes, _ context: borrowing Context) throws {
        for _ in 0..<state.expire(now: context.now, patience) { context.drop(.unanswered) }
        let wait = state.wait(now: context.now, patience)
        state.isTimed = wait != nil
        context.timer(after: wait)
    }

    /// Delivers the payload of an answer.
    ///
    /// - Throws: nothing: what is no answer is left.
    public func onReceive(
        _ data: inout Buffer, _ state: inout Echoes, _ context: borrowing Context
    ) throws {
        var offset = 0
        // A ping socket has an identifier of its own, which the kernel checks.
        guard let echo = ICMPEcho(data, offset: &offset), echo.type == state.version.reply,
            ICMPSocket.hasPing || echo.identifier == state.identifier
        else { return }
        guard state.take(echo.sequence, now: context.now, patience) else { return context.drop() }
        data.removeFirst(offset + ICMPEcho.count)
        context.deliver(data.take())
    }
}
