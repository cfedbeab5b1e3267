/// A session's part of its pair's driver; the driver's state lies behind it.
///
/// Each idle client of HTTP has one, so it is small: what few sessions have lies in memory of its
/// own. Zeroed memory is a row without a session.
struct PairDriverRow {
    /// What is known of one side.
    struct Side {
        /// Events that wait for the driver's turn.
        struct Events: OptionSet {
            let rawValue: UInt8

            static let opened = Events(rawValue: 1 << 0)
            /// All bytes of its link are with the other side.
            static let linked = Events(rawValue: 1 << 1)
            /// The stream has ended, behind the rest.
            static let ended = Events(rawValue: 1 << 2)
            /// The stream was reset, or failed, behind the rest.
            static let broken = Events(rawValue: 1 << 3)
            static let drained = Events(rawValue: 1 << 4)
        }

        /// Received bytes that are not taken yet; ``RestTable/none`` without any.
        var rest = RestTable.none
        var events: Events = []
        private var marks: Marks = []

        private struct Marks: OptionSet {
            let rawValue: UInt8

            static let fresh = Marks(rawValue: 1 << 0)
            static let paused = Marks(rawValue: 1 << 1)
            static let linked = Marks(rawValue: 1 << 2)
            static let awaitsDrained = Marks(rawValue: 1 << 3)
            static let expectsBytes = Marks(rawValue: 1 << 4)
        }

        /// Bytes came behind the rest since it was offered last, or the driver may take more of it.
        var isFresh: Bool {
            get { marks.contains(.fresh) }
            set { set(.fresh, newValue) }
        }

        /// The driver wants none of its bytes.
        var isPaused: Bool {
            get { marks.contains(.paused) }
            set { set(.paused, newValue) }
        }

        /// Its bytes go to the other side without the driver.
        var isLinked: Bool {
            get { marks.contains(.linked) }
            set { set(.linked, newValue) }
        }

        var awaitsDrained: Bool {
            get { marks.contains(.awaitsDrained) }
            set { set(.awaitsDrained, newValue) }
        }

        /// The socket's receive told that more is there.
        var expectsBytes: Bool {
            get { marks.contains(.expectsBytes) }
            set { set(.expectsBytes, newValue) }
        }

        @inline(__always)
        private mutating func set(_ mark: Marks, _ isSet: Bool) {
            if isSet { marks.insert(mark) } else { marks.remove(mark) }
        }
    }

    /// Events that wait for the driver's turn.
    struct Events: OptionSet {
        let rawValue: UInt8

        static let timer = Events(rawValue: 1 << 0)
        static let unreachable = Events(rawValue: 1 << 1)
        static let draining = Events(rawValue: 1 << 2)
        /// The driver wants an upstream, and the loop has no dial left.
        static let dials = Events(rawValue: 1 << 3)
        /// An upstream is dialled; the legs tell the outcome.
        static let dialling = Events(rawValue: 1 << 4)
        /// The driver's work has returned.
        static let clientFinished = Events(rawValue: 1 << 5)
        static let upstreamFinished = Events(rawValue: 1 << 6)
    }

    private struct Marks: OptionSet {
        let rawValue: UInt8

        static let queued = Marks(rawValue: 1 << 0)
        static let made = Marks(rawValue: 1 << 1)
        static let reused = Marks(rawValue: 1 << 2)
    }

    var client = Side()
    var upstream = Side()
    var events: Events = []
    private var marks: Marks = []
    /// Why no upstream accepted.
    var unreachableCause = EndCause.noUpstream
    /// The session ends with this cause, and its driver is called no more.
    private(set) var endsWith: EndCause?
    /// The upstream that the driver asked for, or -1.
    var wantedUpstream: Int16 = -1
    /// The timer, or the end of the linger: a driver that has ended has no timer.
    private var time: UInt64 = 0

    /// The session waits for its turn.
    var isQueued: Bool {
        get { marks.contains(.queued) }
        set { set(.queued, newValue) }
    }

    /// The state was made.
    var isMade: Bool {
        get { marks.contains(.made) }
        set { set(.made, newValue) }
    }

    /// The upstream's connection was parked before.
    var isReused: Bool {
        get { marks.contains(.reused) }
        set { set(.reused, newValue) }
    }

    @inline(__always)
    private mutating func set(_ mark: Marks, _ isSet: Bool) {
        if isSet { marks.insert(mark) } else { marks.remove(mark) }
    }

    // MARK: The end

    /// The driver has ended; the last cause counts.
    mutating func end(with cause: EndCause) {
        if endsWith == nil { time = 0 }
        endsWith = cause
    }

    /// When the timer fires; 0 is never.
    var timerAt: UInt64 {
        get { endsWith == nil ? time : 0 }
        set {
            assert(endsWith == nil, "a driver that has ended sets no timer")
            time = newValue
        }
    }

    /// How long a client that has everything is waited for; 0 before it has.
    var lingersUntil: UInt64 {
        get { endsWith == nil ? 0 : time }
        set {
            assert(endsWith != nil, "only a driver that has ended lingers")
            time = newValue
        }
    }
}
