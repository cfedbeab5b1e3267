internal import PelmeniCore

/// Deadlines, caps and placement of a pair. The defaults are those of the command line.
public struct PairOptions: Sendable, Equatable {
    /// Until an upstream accepts, each upstream anew.
    public var connect: Duration = .seconds(5)
    /// Until the first byte from either side; nil waits for ever.
    public var firstByte: Duration?
    /// Without a byte in either direction; nil waits for ever.
    public var idle: Duration? = .seconds(3600)
    /// After one side has ended; a byte starts it anew. Nil waits for ever.
    public var linger: Duration? = .seconds(30)
    /// Without a byte acknowledged by a side that has bytes waiting; it is noticed after one to two times
    /// this long. Nil waits for ever.
    public var stall: Duration? = .seconds(300)
    /// Sessions at once over all workers; what is over is closed with cause ``Cause/limit``. Nil leaves it
    /// to the engine.
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

    package var deadlines: Deadlines {
        var it = Deadlines()
        it.connect = connect.nanoseconds
        it.firstByte = firstByte?.nanoseconds ?? 0
        it.idle = idle?.nanoseconds ?? 0
        it.linger = linger?.nanoseconds ?? 0
        it.stall = stall?.nanoseconds ?? 0
        return it
    }

    package var socketOptions: SocketOptions {
        var it = SocketOptions()
        it.keepAliveSeconds = Int32(clamping: keepAlive?.components.seconds ?? 0)
        // The kernel takes it as a signed number.
        let milliseconds = Int32(clamping: (userTimeout?.nanoseconds ?? 0) / 1_000_000)
        it.userTimeoutMilliseconds = UInt32(milliseconds)
        return it
    }
}
