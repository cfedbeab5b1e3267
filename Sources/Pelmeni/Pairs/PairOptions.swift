public import PelmeniCore
internal import PelmeniRuntime

/// Timeouts, limits and placement of a pair. The defaults are those of the command line.
///
/// A timeout that may be left to the pair or be switched off is a ``Timeout``. A limit that is nil
/// limits nothing.
public struct PairOptions: Sendable, Equatable {
    /// Until an upstream accepts, each upstream anew: more than zero, and at most 365 days. A
    /// connect always has an end.
    public var connectTimeout: Duration = .seconds(5)
    /// Until the first byte from either side. ``Timeout/inherited`` is never: many protocols are
    /// silent at first.
    public var firstByteTimeout = Timeout.inherited
    /// Without a byte in either direction. ``Timeout/inherited`` follows the pair: an hour between
    /// two streams, and a minute where datagrams cross a side, for they have no other end.
    public var idleTimeout = Timeout.inherited
    /// After one side has ended; a byte starts it anew. ``Timeout/inherited`` is 30 seconds.
    public var lingerTimeout = Timeout.inherited
    /// Without a byte acknowledged by a side that has bytes waiting; it is noticed after one to two
    /// times this long. ``Timeout/inherited`` is five minutes.
    public var stallTimeout = Timeout.inherited
    /// How messages stand in the stream of a pair whose other side has datagrams; nil is
    /// ``Framing/u16be``. On a pair of two streams: how they stand in the listener's streams, and
    /// in the upstream's where ``Client/framing`` is nil; nil relays bytes as they come. Refused on
    /// a pair of datagrams alone.
    public var framing: Framing?
    /// Bytes of the longest message cut from such a stream, 1 to 16 MiB, and to 261,888 between two
    /// streams; a longer one closes the stream with cause ``EndCause/badFrame``. Nil is 64 KiB,
    /// which holds every datagram. Refused where no message is cut from a stream.
    public var frameBytesMax: Int?
    /// Datagrams of a client after which its session ends, 1 to 2,147,483,647; nil is any number.
    /// Refused on a pair of two streams.
    public var requestLimit: Int?
    /// Responses to each datagram of a client, 1 to 2,147,483,647: a session ends once every one
    /// has had so many. Nil is any number. Refused on a pair of two streams.
    public var responseLimit: Int?
    /// Bytes of datagrams that wait in a UDP socket until a worker reads them, 4 KiB to 512 MiB: a
    /// listener's, and that of each session towards its upstream. Nil is 4 MiB, of which the kernel
    /// grants `net.core.rmem_max`; what is asked for is granted beyond that where the process has
    /// CAP_NET_ADMIN. Refused on a pair without UDP.
    public var receiveBufferBytes: Int?
    /// Sessions at once over all workers, 1 to 2,147,483,647; a session over the limit is closed
    /// with cause ``EndCause/limit``. Nil leaves it to the engine.
    public var sessionLimit: Int?
    /// The workers that serve the pair; nil is all.
    public var workers: [Int]?
    /// Silence before the kernel probes a TCP connection (SO_KEEPALIVE, TCP_KEEPIDLE), 1 to 32,767
    /// whole seconds; nil sends no probes.
    public var keepAliveTime: Duration? = .seconds(60)
    /// How long sent bytes may stay unacknowledged by a TCP peer before it counts as dead
    /// (TCP_USER_TIMEOUT), 1 ms to 24 hours; nil leaves it to the kernel.
    public var userTimeout: Duration?

    /// The defaults.
    public init() {}

    /// For questions that have one response each, as DNS over UDP: a session ends with its last
    /// response, or after five silent seconds.
    public static var dns: PairOptions {
        var options = PairOptions()
        options.responseLimit = 1
        options.idleTimeout = .after(.seconds(5))
        return options
    }

    /// The same, with this framing unless it is nil.
    func framed(_ framing: Framing?) -> PairOptions {
        guard let framing else { return self }
        var options = self
        options.framing = framing
        return options
    }
}
