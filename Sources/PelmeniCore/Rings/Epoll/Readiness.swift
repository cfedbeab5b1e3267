/// What the epoll ring knows of one slot: which operations wait, and what the socket was last seen
/// to be.
struct Readiness {
    struct Flags: OptionSet {
        let rawValue: UInt32
        @inline(__always)
        init(rawValue: UInt32) { self.rawValue = rawValue }

        // What the socket is, until a call proves otherwise.
        static let readable = Flags(rawValue: 1 << 0)
        static let writable = Flags(rawValue: 1 << 1)
        /// The end, or an error, is there already, behind what can be read: no edge will tell of it
        /// again.
        static let ended = Flags(rawValue: 1 << 13)

        /// A read that is shorter than its room does not prove that the socket is empty: it stops
        /// before an urgent byte (tcp(7)), and behind a descriptor that a Unix socket brings
        /// (unix(7)).
        static let stopsShort = Flags(rawValue: 1 << 21)

        // What is asked.
        static let receiving = Flags(rawValue: 1 << 2)
        static let sending = Flags(rawValue: 1 << 3)
        static let connecting = Flags(rawValue: 1 << 4)
        static let accepting = Flags(rawValue: 1 << 5)
        static let waking = Flags(rawValue: 1 << 6)

        /// In one of the lists of slots that can go on.
        static let queued = Flags(rawValue: 1 << 7)
        /// Level-triggered, for a listener that workers share, and for connected sockets of
        /// datagrams.
        static let shared = Flags(rawValue: 1 << 8)
        /// An accept that goes on, or datagrams of a listener.
        static let multishot = Flags(rawValue: 1 << 9)
        /// The receive is for bulk blocks.
        static let bulk = Flags(rawValue: 1 << 10)
        /// The row belongs to a socket.
        static let attached = Flags(rawValue: 1 << 11)
        /// Taken out of the poller, being level-triggered, while nobody accepts or receives.
        static let unpolled = Flags(rawValue: 1 << 12)
        /// The last receive filled a whole block.
        static let heavy = Flags(rawValue: 1 << 14)
        /// The receive is for datagrams.
        static let datagrams = Flags(rawValue: 1 << 15)
        /// A Unix socket.
        static let unix = Flags(rawValue: 1 << 16)
        /// No send, but the wait for one to be possible.
        static let awaitsRoom = Flags(rawValue: 1 << 17)
        /// No receive, but the wait for one to be possible.
        static let awaitsBytes = Flags(rawValue: 1 << 18)
        /// The poller does not tell of bytes: nobody wants them before there is room for them.
        static let held = Flags(rawValue: 1 << 19)
        /// The send waits in the batch. It was not tried yet, so the socket is not full.
        static let batched = Flags(rawValue: 1 << 20)
    }

    /// What the poller gives back for its events.
    var pollToken: UInt64 = 0
    /// Of the wait for room.
    var roomToken: UInt64 = 0
    var socket: Int32 = -1
    var generation: UInt32 = 0
    var flags: Flags = []
    /// Bytes that the receive may still bring; for a listener's datagrams, how many to make room
    /// for.
    var limit: Int32 = 0
    /// The queue of the send.
    var first: PieceID = .none
    var count: UInt32 = 0
    /// The next slot of the list this one is in.
    var next: UInt32 = .max
    /// Calls this slot may still make before others have their turn.
    var callsLeft: UInt16 = 0
}
