/// A listening socket as one worker sees it. Its slot number is its position plus one.
package struct WorkerListener: Sendable {
    /// What the listener does with its clients.
    enum State: UInt8 {
        /// Connections wait in the backlog: no accept is in flight.
        case idle
        /// An accept is in flight.
        case armed
        /// That accept is being cancelled, or was: single accepts follow, or none.
        case ending
        /// Connects fail: the socket does not listen while no upstream is up.
        case refusing
        /// The relay has taken a socket of datagrams over, and closes it.
        case taken
        case closed

        func leads(to next: State) -> Bool {
            switch self {
            case .idle: next != .idle && next != .ending
            case .armed: next == .idle || next == .ending || next == .closed
            case .ending: next == .idle || next == .closed
            case .refusing: next == .idle || next == .closed
            case .taken: next == .closed
            case .closed: false
            }
        }
    }

    package var socket: Int32
    package var pair: PairID
    /// Other workers watch the same descriptor.
    package var isShared: Bool
    /// A datagram socket: the relay takes it over, and keeps it while it has sessions.
    package var isDatagrams: Bool
    /// It refuses clients while no upstream of its pair is up.
    package var refusesWhenDown: Bool
    private(set) var state = State.idle
    /// Where no accept is in flight, when the worker comes back to it: after an error's rest, or
    /// for the next probe of a listener that refuses. 0 is at once, or whenever there is room.
    var dueAt: UInt64 = 0
    /// Accepts or calls that failed in a row.
    var errors: UInt32 = 0
    /// The last probe of its pair's upstreams.
    var probe = SessionID.none

    package init(
        socket: Int32, pair: PairID, isShared: Bool, isDatagrams: Bool = false,
        refusesWhenDown: Bool = false
    ) {
        self.isDatagrams = isDatagrams
        self.refusesWhenDown = refusesWhenDown
        self.socket = socket
        self.pair = pair
        self.isShared = isShared
    }

    @inline(__always)
    mutating func move(to next: State) {
        assert(state.leads(to: next), "a listener goes from \(state) to \(next)")
        state = next
    }

    /// Whether an accept is in flight.
    @inline(__always)
    var hasAccept: Bool { state == .armed || state == .ending }
}
