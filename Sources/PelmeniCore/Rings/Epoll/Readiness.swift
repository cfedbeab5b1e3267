/// The epoll ring's state of one slot: its waiting operations, and the last known readiness of its
/// socket. 32 bytes: each idle connection has one.
struct Readiness {
    struct Flags: OptionSet {
        let rawValue: UInt32
        @inline(__always)
        init(rawValue: UInt32) { self.rawValue = rawValue }

        // The socket's readiness, until a call proves otherwise.
        static let readable = Flags(rawValue: 1 << 0)
        static let writable = Flags(rawValue: 1 << 1)
        /// EOF or an error is pending behind unread bytes; no further edge will report it.
        static let ended = Flags(rawValue: 1 << 13)

        /// A short read does not prove that the socket is empty: it stops before an urgent byte
        /// (tcp(7)), and behind a descriptor passed over a Unix socket (unix(7)).
        static let stopsShort = Flags(rawValue: 1 << 21)

        // Enqueued operations.
        static let receiving = Flags(rawValue: 1 << 2)
        static let sending = Flags(rawValue: 1 << 3)
        static let connecting = Flags(rawValue: 1 << 4)
        static let accepting = Flags(rawValue: 1 << 5)
        static let waking = Flags(rawValue: 1 << 6)

        /// In one of the ring's lists of slots.
        static let queued = Flags(rawValue: 1 << 7)
        /// Level-triggered: a listener that workers share, or a connected datagram socket.
        static let shared = Flags(rawValue: 1 << 8)
        /// A multishot accept, or the datagrams of a listener.
        static let multishot = Flags(rawValue: 1 << 9)
        /// The receive is for bulk blocks.
        static let bulk = Flags(rawValue: 1 << 10)
        /// The row belongs to a socket.
        static let attached = Flags(rawValue: 1 << 11)
        /// Level-triggered, and taken out of the poller while no operation accepts or receives.
        static let unpolled = Flags(rawValue: 1 << 12)
        /// The last receive filled a whole block.
        static let busy = Flags(rawValue: 1 << 14)
        /// The receive is for datagrams.
        static let datagrams = Flags(rawValue: 1 << 15)
        /// A Unix socket.
        static let unix = Flags(rawValue: 1 << 16)
        /// The send is a wait for room.
        static let awaitsRoom = Flags(rawValue: 1 << 17)
        /// The receive is a wait for bytes.
        static let awaitsBytes = Flags(rawValue: 1 << 18)
        /// The poller does not report bytes: the leg wants none before its peer has room.
        static let held = Flags(rawValue: 1 << 19)
        /// The send waits in the batch, untried: the socket is not known to be full.
        static let batched = Flags(rawValue: 1 << 20)
    }

    var socket: Int32 = -1
    var generation: UInt32 = 0
    var flags: Flags = []
    /// Bytes that the receive may still bring; for a listener, datagrams to make room for.
    var limit: Int32 = 0
    /// The first piece of the send, and their number; or the token of the wait for room.
    var first: PieceID = .none
    var count: UInt32 = 0
    /// The next slot in the list of this one.
    var next: UInt32 = .max
    /// Calls of this slot before other slots are served.
    var callsLeft: UInt16 = 0

    /// The token of the wait for room, which is in place of a send.
    @inline(__always)
    var roomToken: Token {
        get { Token(rawValue: UInt64(count) << 32 | UInt64(first.rawValue)) }
        set {
            first = PieceID(rawValue: UInt32(truncatingIfNeeded: newValue.rawValue))
            count = UInt32(truncatingIfNeeded: newValue.rawValue >> 32)
        }
    }
}
