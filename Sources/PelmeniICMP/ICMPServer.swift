public import Pelmeni

/// Takes the payload of each ICMP echo request as a message, and answers with the response:
/// `icmp://` as a listener.
///
/// It needs `CAP_NET_RAW`, and one worker serves it. Each echo is a session: answers find theirs in
/// whatever order they come. The kernel answers echo requests too, unless
/// `net.ipv4.icmp_echo_ignore_all`, or `net.ipv6.icmp.echo_ignore_all`, is 1: a client then
/// gets two answers, which is warned of at start.
public struct ICMPServer: CustomServer {
    /// The client that forwards payloads.
    public let client: any Client
    /// The address that is listened on.
    public let endpoint: Endpoint
    /// Timeouts, limits and placement of the pair. An echo has one response.
    public var options: PairOptions
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []

    /// - Parameters:
    ///   - client: forwards payloads.
    ///   - listen: an IPv4 or IPv6 address of this machine; empty is every IPv4 address, `::` every
    ///     IPv6 address.
    ///   - options: everything else.
    public init(_ client: any Client, listen: String = "", options: PairOptions = PairOptions()) {
        self.client = client
        endpoint = .host(listen, scheme: "icmp")
        self.options = options
        if self.options.requestLimit == nil { self.options.requestLimit = 1 }
        if self.options.responseLimit == nil { self.options.responseLimit = 1 }
    }

    /// The echo of a session.
    public struct Echo: Sendable {
        fileprivate var identifier: UInt16 = 0
        fileprivate var sequence: UInt16 = 0
    }

    private var version: ICMPEcho.Version {
        endpoint.description.contains(":") ? .v6 : .v4
    }

    /// No echo yet.
    public func makeState() -> Echo { Echo() }

    /// A raw socket for echo requests.
    ///
    /// - Throws: an error that says what to allow, where the process may not open one.
    public func initialize(_ socket: inout SocketRequest) throws {
        guard ICMPSocket.hasRaw else { throw ICMPRefusal.server }
        socket = .raw(
            v4: ICMPSocket.v4, v6: ICMPSocket.v6,
            messageType: (ICMPEcho.Version.v4.request, ICMPEcho.Version.v6.request))
        guard ICMPSocket.kernelAnswers(version) else { return }
        socket.warnings.append(
            "the kernel answers pings too, so that clients get two answers: "
                + "set /proc/sys/\(ICMPSocket.setting(version)) to 1")
    }

    /// Each echo is a session of its own; other messages are dropped.
    public func tag(of datagram: borrowing Buffer) -> UInt64? {
        var offset = 0
        guard let echo = ICMPEcho(datagram, offset: &offset), echo.type == version.request else {
            return nil
        }
        return UInt64(echo.identifier) << 16 | UInt64(echo.sequence)
    }

    /// Delivers the payload of a request.
    ///
    /// - Throws: nothing: what is no request is left.
    public func onReceive(
        _ data: inout Buffer, _ state: inout Echo, _ context: borrowing Context
    ) throws {
        var offset = 0
        guard let echo = ICMPEcho(data, offset: &offset) else { return }
        state = Echo(identifier: echo.identifier, sequence: echo.sequence)
        data.removeFirst(offset + ICMPEcho.count)
        context.deliver(data.take())
    }

    /// Answers the request.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``, for a response that no packet can carry.
    public func protocolSend(
        _ data: consuming Buffer, _ state: inout Echo, _ context: borrowing Context
    ) throws {
        try ICMPEcho(
            type: version.reply, identifier: state.identifier, sequence: state.sequence
        ).prepend(to: &data)
        context.send(data)
    }
}
