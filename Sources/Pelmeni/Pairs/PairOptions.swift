public import PelmeniCore
internal import PelmeniRuntime

/// Timeouts, limits and placement of a pair. The defaults are those of the command line.
///
/// A ``Timeout`` may have the pair's default or be switched off. A limit of nil is no limit.
public struct PairOptions: Sendable, Equatable {
    /// Time for an upstream to accept, for each upstream anew: more than zero, and at most 365
    /// days. A connect always has a deadline.
    public var connectTimeout: Duration = .seconds(5)
    /// Time to the first byte of either side. ``Timeout/inherited`` is never: sessions of
    /// many protocols begin with silence.
    public var firstByteTimeout = Timeout.inherited
    /// Time without a byte in either direction. ``Timeout/inherited`` follows the pair: an hour
    /// between two streams, a minute where datagrams cross a side, since such a session has no
    /// other end.
    public var idleTimeout = Timeout.inherited
    /// Time after one side has ended; a byte restarts it. ``Timeout/inherited`` is 30 seconds.
    public var lingerTimeout = Timeout.inherited
    /// Time without an acknowledged byte from a side that has bytes waiting; the session ends after
    /// one to two times this long. ``Timeout/inherited`` is five minutes.
    public var stallTimeout = Timeout.inherited
    /// The framing of messages in the stream of a pair whose other side has datagrams; nil is
    /// ``Framing/u16be``. On a pair of two streams: the framing of the listener's streams, and of
    /// the upstream's where ``Client/framing`` is nil; nil relays bytes unchanged. Refused on a
    /// pair of datagrams alone.
    public var framing: Framing?
    /// Bytes of the longest message cut from such a stream, 1 to 16 MiB, and to 261,888 between two
    /// streams; a longer one closes the stream with cause ``EndCause/badFrame``. Nil is 64 KiB,
    /// enough for every datagram. Refused where no message is cut from a stream.
    public var frameBytesMax: Int?
    /// Datagrams of a client after which its session ends, 1 to 2,147,483,647; nil is any number.
    /// Refused on a pair of two streams.
    public var requestLimit: Int?
    /// Responses to each datagram of a client, 1 to 2,147,483,647: a session ends once every
    /// datagram has them. Nil is any number. Refused on a pair of two streams.
    public var responseLimit: Int?
    /// The receive buffer of each socket of the pair (SO_RCVBUF), on both sides, 4 KiB to 512 MiB:
    /// bytes that the kernel holds until a worker reads them. Nil is 4 MiB for UDP, of which the
    /// kernel grants `net.core.rmem_max`, and leaves a TCP socket to the kernel, which sizes it by
    /// itself. A given number is granted beyond `rmem_max` where the process has CAP_NET_ADMIN; a
    /// smaller grant is a warning at start. Refused between Unix sockets, where it bounds nothing.
    public var receiveBufferBytes: Int?
    /// The send buffer of each socket of the pair (SO_SNDBUF), on both sides, 4 KiB to 512 MiB:
    /// bytes handed to the kernel that are not acknowledged, or not sent; on a Unix socket bytes
    /// that its receiver has not read. Nil leaves it to the kernel. Beyond `net.core.wmem_max` as
    /// ``receiveBufferBytes``.
    public var sendBufferBytes: Int?
    /// Whether UDP datagrams leave with the flag "don't fragment" (DF) and are never cut, on both
    /// sides: for QUIC, whose ends find a path's MTU by datagrams that get lost. One that exceeds
    /// the MTU of its interface is dropped and counted as ``DropReason/oversize``. The kernel does
    /// not tell whether a datagram came with the flag: all leave with it. Without it the kernel
    /// cuts a datagram that exceeds what it knows of the path. Refused on a pair without UDP.
    public var keepsDF = false
    /// Whether a listener on all IPv6 addresses leaves those of IPv4 alone (IPV6_V6ONLY): a
    /// listener on `0.0.0.0` may then have the same port. Refused on a listener of another kind.
    public var ipv6Only = false
    /// The interface, by its name or number, on which a listener joins its multicast group, and by
    /// which datagrams to upstreams' groups leave where ``Client/interface`` is nil. Nil leaves it
    /// to the kernel's routes. Refused where neither side has a group in digits; looked up once, at
    /// the start, which fails without such an interface.
    public var interface: String?
    /// Sessions at once over all workers, 1 to 2,147,483,647; a session over the limit is closed
    /// with cause ``EndCause/limit``. Nil leaves it to the engine.
    public var sessionLimit: Int?
    /// The workers that serve the pair; nil is all.
    public var workers: [Int]?
    /// What the addresses of an upstream's name mean.
    public var upstreamAddresses = UpstreamAddresses.first
    /// Time from a lookup of an upstream's name to the next one, 1 second to 24 hours. A name whose
    /// upstream fails is looked up at once, and at most once a second.
    public var lookupInterval: Duration = .seconds(30)
    /// Silence before the kernel probes a TCP connection (SO_KEEPALIVE, TCP_KEEPIDLE), 1 to 32,767
    /// whole seconds; nil sends no probes.
    public var keepAliveTime: Duration? = .seconds(60)
    /// How long sent bytes may stay unacknowledged by a TCP peer before it counts as dead
    /// (TCP_USER_TIMEOUT), 1 ms to 24 hours; nil leaves it to the kernel.
    public var userTimeout: Duration?

    /// The defaults.
    public init() {}

    /// For questions with one response each, such as DNS over UDP: a session ends with its last
    /// response, or after five silent seconds.
    public static var dns: PairOptions {
        var options = PairOptions()
        options.responseLimit = 1
        options.idleTimeout = .after(.seconds(5))
        return options
    }

    /// The same options with this framing, unless it is nil.
    func framed(_ framing: Framing?) -> PairOptions {
        guard let framing else { return self }
        var options = self
        options.framing = framing
        return options
    }
}
