// The states of a leg, each with the table of what may follow.
extension LegRow {
    /// What its socket is. It stays so for the leg's life.
    enum Kind: UInt8 {
        /// A stream that was accepted.
        case client = 0
        case unixClient = 1
        /// A stream that is, or will be, connected to an upstream.
        case upstream = 2
        case unixUpstream = 3
        /// A socket of datagrams that is connected to an upstream.
        case datagrams = 4
        case unixDatagrams = 5
        /// The socket of datagrams that a worker's clients send to: it belongs to no session.
        case listener = 6
        case unixListener = 7

        /// It receives one block at a time, see ``PairRow/isUnix``.
        @inline(__always)
        var isUnix: Bool { rawValue & 1 != 0 }
        /// Accepted, rather than opened towards an upstream.
        @inline(__always)
        var isClient: Bool { rawValue < Kind.upstream.rawValue }
        @inline(__always)
        var isDatagrams: Bool { rawValue >= Kind.datagrams.rawValue }
        @inline(__always)
        var isListener: Bool { rawValue >= Kind.listener.rawValue }
        /// It takes one datagram at a time, and only when its reader has room (unix(7)).
        @inline(__always)
        var isFlowControlled: Bool { self == .unixDatagrams }
    }

    /// Where a leg stands between its socket's opening and its close.
    enum Phase: UInt8 {
        case free
        case open
        /// Accepted in a burst: the dial of its session waits for one of the next loops.
        case queued
        /// The other side is gone: it is reset once what was queued for it is delivered.
        case resetting
        /// It waits for its last completion, then its socket is closed.
        case closing

        func leads(to next: Phase) -> Bool {
            switch self {
            case .free: false
            case .open: next == .queued || next == .resetting || next == .closing
            case .queued: next == .open || next == .closing
            case .resetting: next == .closing
            case .closing: false
            }
        }
    }

    /// What becomes of the bytes that may come.
    enum Reading: UInt8 {
        case idle
        /// Stopped: the peer's queue is at its high watermark.
        case paused
        /// A receive, or a wait for bytes, is in flight.
        case receiving
        /// Stopped: there was no block, or others go first. The leg is in a queue of the starved.
        case starved
        /// The far side's stream has ended.
        case ended

        func leads(to next: Reading) -> Bool {
            switch self {
            case .idle: next != .idle
            case .paused: next != .ended
            case .receiving, .starved: next == .idle
            case .ended: false
            }
        }
    }

    /// What the socket's way out is busy with. A connect is one use of it: the kernel says that it
    /// is over when the socket can be written to (connect(2)).
    enum Writing: UInt8 {
        case idle
        /// A send, or a wait for room, is in flight; of datagrams, one or more.
        case sending
        case connecting
        /// The write half is shut down: our end was sent.
        case shut

        func leads(to next: Writing) -> Bool {
            switch self {
            case .idle: next != .idle
            case .sending, .connecting: next == .idle
            case .shut: false
            }
        }
    }

    /// Where what a leg brings goes.
    enum Inbound: UInt8 {
        /// Into blocks, and those into the peer's queue.
        case linked
        /// Through a pipe of the kernel's to the peer.
        case spliced
        /// Into blocks that messages are cut from.
        case framed
        /// As framed, but the messages are dropped and counted: the session takes no more.
        case discarded

        @inline(__always)
        var isFramed: Bool { rawValue >= Inbound.framed.rawValue }
    }

    /// What is known of a leg beside its states.
    struct Flags: OptionSet {
        let rawValue: UInt8
        @inline(__always)
        init(rawValue: UInt8) { self.rawValue = rawValue }

        /// A reset or another error was seen, perhaps while a send is in flight.
        static let broken = Flags(rawValue: 1 << 0)
        /// It closes with a reset rather than in order.
        static let closesWithReset = Flags(rawValue: 1 << 1)
        /// Bytes came to a receive that stays armed, and the socket was not asked since whether an
        /// end came with them.
        static let unasked = Flags(rawValue: 1 << 2)
        /// There was no block when there was something to read, and nothing was read since.
        static let unread = Flags(rawValue: 1 << 3)
        /// The route refused a train: its datagrams go out one by one.
        static let refusesTrains = Flags(rawValue: 1 << 4)
    }
}
