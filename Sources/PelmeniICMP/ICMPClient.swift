public import Pelmeni
internal import Synchronization

/// Forwards each message as the payload of an ICMP echo request, and takes the payload of its
/// answer as the response: `icmp://HOST`.
///
/// Any server of messages may stand before it. It opens a ping socket (icmp(7)) where the process
/// may, else a raw one. Up to 64 echoes of a session are out at once; answers are matched by their
/// sequence, come in any order, and once: what comes twice or after ``Echoes/patience`` is dropped
/// and counted under `surplus`.
public struct ICMPClient: CustomClient {
    /// The hosts in order.
    public let endpoints: [Endpoint]
    /// Its sessions' hooks, in the order of attachment.
    public var hooks: [HookTable] = []

    /// - Parameter host: a name, an IPv4 or an IPv6 address (without brackets).
    public init(_ host: String) { self.init([.host(host, scheme: "icmp")]) }

    /// Several hosts, assigned round-robin; a session stays with its own.
    ///
    /// - Parameter endpoints: 1 to 64, all `Endpoint.host` of scheme `icmp`.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }

    /// The echoes of a session that are out.
    public struct Echoes: Sendable {
        /// Echoes out at once; the next one takes the place of the oldest.
        public static let countMax = 64
        /// How long an answer is waited for: 10 s.
        public static let patience: Duration = .seconds(10)

        fileprivate var version = ICMPEcho.Version.v4
        fileprivate let identifier: UInt16
        fileprivate var sequence: UInt16
        /// When the echo of each place was sent, in nanoseconds; 0 is none.
        fileprivate var sentAt = InlineArray<64, UInt64>(repeating: 0)

        /// Every raw socket of a host gets all of its answers, so no two sessions of the process
        /// may have the same numbers.
        fileprivate init() {
            let number = Self.sessions.wrappingAdd(1, ordering: .relaxed).newValue
            identifier = UInt16(truncatingIfNeeded: number)
            sequence = UInt16(truncatingIfNeeded: number >> 16)
        }

        /// It begins anywhere: other processes may ask the same host.
        private static let sessions = Atomic<UInt32>(.random(in: 0 ... .max))

        /// Takes the place of an answer's echo. False for one that is not out.
        fileprivate mutating func take(_ sequence: UInt16, now: UInt64) -> Bool {
            let behind = self.sequence &- sequence
            guard behind < UInt16(Self.countMax) else { return false }
            let place = Int(sequence) % Self.countMax
            let at = sentAt[place]
            sentAt[place] = 0
            return at != 0 && Duration.nanoseconds(now &- at) <= Self.patience
        }
    }

    /// No echo is out.
    public func makeState() -> Echoes { Echoes() }

    /// A ping socket, or a raw one.
    ///
    /// - Throws: an error that says what to allow, where the process may open neither.
    public func initialize(_ socket: inout SocketRequest) throws {
        if ICMPSocket.hasPing {
            socket = .datagram(v4: ICMPSocket.v4, v6: ICMPSocket.v6)
        } else if ICMPSocket.hasRaw {
            socket = .raw(
                v4: ICMPSocket.v4, v6: ICMPSocket.v6,
                messageType: (ICMPEcho.Version.v4.reply, ICMPEcho.Version.v6.reply))
        } else {
            throw ICMPRefusal.client
        }
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
        state.sequence &+= 1
        state.sentAt[Int(state.sequence) % Echoes.countMax] = max(1, context.now)
        try ICMPEcho(
            type: state.version.request, identifier: state.identifier, sequence: state.sequence
        ).prepend(to: &data)
        context.send(data)
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
        guard state.take(echo.sequence, now: context.now) else { return context.drop() }
        data.removeFirst(offset + ICMPEcho.count)
        context.deliver(data.take())
    }
}
