// The states of a leg, each with its transitions.
extension LegRow {
    /// The kind of socket: constant for the leg's life.
    enum Kind: UInt8 {
        /// An accepted stream.
        case client = 0
        case unixClient = 1
        /// A stream that is, or will be, connected to an upstream.
        case upstream = 2
        case unixUpstream = 3
        /// A datagram socket connected to an upstream.
        case datagrams = 4
        case unixDatagrams = 5
        /// The datagram socket that a worker's clients send to: it belongs to no session.
        case listener = 6
        case unixListener = 7

        /// A Unix leg receives one block at a time, see ``PairRow/isUnix``.
        @inline(__always)
        var isUnix: Bool { rawValue & 1 != 0 }
        /// Accepted, not opened towards an upstream.
        @inline(__always)
        var isClient: Bool { rawValue < Kind.upstream.rawValue }
        @inline(__always)
        var isDatagrams: Bool { rawValue >= Kind.datagrams.rawValue }
        @inline(__always)
        var isListener: Bool { rawValue >= Kind.listener.rawValue }
        /// The socket takes one datagram at a time, and only while its reader has room (unix(7)).
        @inline(__always)
        var isFlowControlled: Bool { self == .unixDatagrams }
    }

    /// From the socket's opening to its close.
    enum Phase: UInt8 {
        case free
        case open
        /// Accepted in a burst: the session's dial waits for one of the next loops.
        case queued
        /// The other side is gone: this leg is reset once its queue is delivered.
        case resetting
        /// Waits for its last completion; then its socket is closed.
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

    /// The state of a leg's receives.
    enum Reading: UInt8 {
        case idle
        /// Stopped: the peer's queue is at its high watermark.
        case paused
        /// A receive, or a wait for readability, is in flight.
        case receiving
        /// Stopped: no block was free, or other legs go first. The leg is in a starved queue.
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

    /// The state of a leg's sends. A connect is one: it ends at writability (connect(2)).
    enum Writing: UInt8 {
        case idle
        /// A send, or a wait for writability, is in flight; of datagrams, one or more.
        case sending
        case connecting
        /// The write half is shut down: the end of stream is sent.
        case shut

        func leads(to next: Writing) -> Bool {
            switch self {
            case .idle: next != .idle
            case .sending, .connecting: next == .idle
            case .shut: false
            }
        }
    }

    /// Where a leg's received bytes go.
    enum Inbound: UInt8 {
        /// Into blocks, and from there into the peer's queue.
        case linked
        /// Through a pipe to the peer.
        case spliced
        /// Into blocks from which messages are cut.
        case framed
        /// Into blocks, and from there through hooks.
        case hooked
        /// Into blocks, and from there to the driver of this side.
        case driven
        /// As linked, for a number of bytes that a pair's driver gave; then it is driven again.
        case counted
        /// As before, but bytes are dropped, and messages counted: the session takes no more.
        case discarded

        /// The relay takes the bytes: the legs link them to no peer.
        @inline(__always)
        var isDiverted: Bool { rawValue >= Inbound.framed.rawValue }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        @inline(__always)
        init(rawValue: UInt8) { self.rawValue = rawValue }

        /// A reset or another error was seen, perhaps while a send is in flight.
        static let broken = Flags(rawValue: 1 << 0)
        /// The leg closes with a reset.
        static let closesWithReset = Flags(rawValue: 1 << 1)
        /// An armed receive brought bytes; the socket was not asked since for an end behind them.
        static let unasked = Flags(rawValue: 1 << 2)
        /// Bytes were pending without a block for them, and nothing was read since.
        static let unread = Flags(rawValue: 1 << 3)
        /// The route refused a train: datagrams are sent singly.
        static let refusesTrains = Flags(rawValue: 1 << 4)
        /// The stream is shut down once its queue is sent.
        static let shutsBehindQueue = Flags(rawValue: 1 << 5)
        /// The relay is told once the queue is sent.
        static let tellsDrained = Flags(rawValue: 1 << 6)
        /// The next receive brings a block at most: behind it most likely comes a long link.
        static let readsBlock = Flags(rawValue: 1 << 7)
    }
}
