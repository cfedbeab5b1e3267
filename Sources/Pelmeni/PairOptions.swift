public import PelmeniCore

/// Deadlines, caps and placement of a pair. The defaults are those of the command line.
public struct PairOptions: Sendable, Equatable {
    /// Until an upstream accepts, each upstream anew.
    public var connect: Duration = .seconds(5)
    /// Until the first byte from either side; nil waits for ever.
    public var firstByte: Duration?
    /// Without a byte in either direction; nil waits for ever.
    ///
    /// Until it is set it follows the pair: an hour between two streams, as it reads, and a minute
    /// where datagrams cross a side, for they have no other end. ``hasIdle`` tells whether it was
    /// set.
    public var idle: Duration? = .seconds(3600) { didSet { hasIdle = true } }
    /// Whether ``idle`` was set, be it to nil, rather than left to follow the pair.
    public private(set) var hasIdle = false
    /// After one side has ended; a byte starts it anew. Nil waits for ever.
    public var linger: Duration? = .seconds(30)
    /// Without a byte acknowledged by a side that has bytes waiting; it is noticed after one to two
    /// times this long. Nil waits for ever.
    public var stall: Duration? = .seconds(300)
    /// How messages are cut from the stream side of a pair whose other side has datagrams; nil is
    /// ``Framing/u16be``. Refused on a pair of two streams or of datagrams alone.
    public var framing: Framing?
    /// Bytes of the longest message cut from a stream, 1 to 16 MiB; a longer one closes the stream
    /// with cause ``Cause/badFrame``. Nil is 64 KiB, which holds every datagram. Refused where
    /// ``framing`` is.
    public var maxFrame: Int?
    /// Datagrams of a client after which its session ends; nil is any number. Refused on a pair of
    /// two streams.
    public var requests: Int?
    /// Answers to each datagram of a client: a session ends once every one has had so many. Nil is
    /// any number. Refused on a pair of two streams.
    public var responses: Int?
    /// Bytes of datagrams that wait in a UDP socket until a worker reads them, 4 KiB to 512 MiB: a
    /// listener's, and that of each session towards its upstream. Nil is 4 MiB, of which the kernel
    /// grants `net.core.rmem_max`; what is asked for is granted beyond that where the process has
    /// CAP_NET_ADMIN. Refused on a pair without UDP.
    public var receiveBuffer: Int?
    /// Sessions at once over all workers; what is over is closed with cause ``Cause/limit``. Nil
    /// leaves it to the engine.
    public var sessions: Int?
    /// The workers that serve the pair; nil is all.
    public var workers: [Int]?
    /// Silence before the kernel probes a TCP connection; nil is off.
    public var keepAlive: Duration? = .seconds(60)
    /// How long sent bytes may stay unacknowledged by a TCP peer before it counts as dead
    /// (TCP_USER_TIMEOUT); nil leaves it to the kernel.
    public var userTimeout: Duration?

    /// The defaults.
    public init() {}

    /// For questions that have one answer each, as DNS over UDP: a session ends with its last
    /// answer, or after five silent seconds.
    public static var dns: PairOptions {
        var it = PairOptions()
        it.responses = 1
        it.idle = .seconds(5)
        return it
    }

    /// The same, with this framing unless it is nil.
    func framed(_ framing: Framing?) -> PairOptions {
        var it = self
        if let framing { it.framing = framing }
        return it
    }
}
