/// What the driver that runs may see, and its commands: one a worker, in memory of its own.
@usableFromInline
struct DriverCall {
    /// Of a pair's driver.
    struct LinkedBytes {
        /// What links have still to give; 0 without one.
        var clientLeft: UInt64 = 0
        var upstreamLeft: UInt64 = 0
        /// What the session's links have given so far.
        var fromClient: UInt64 = 0
        var fromUpstream: UInt64 = 0
    }

    /// Where work of a pair's driver runs, and the parts of its number.
    struct Work {
        var executor: Unmanaged<HookExecutor>?
        var session = SessionID.none
        var serial: UInt32 = 0
    }

    /// Of a driver of one side: why there is no upstream, what the other side takes at most and
    /// whether it has a stream, and whether a message for the driver is with an asynchronous hook.
    struct OtherSide {
        var lostBy = EndCause.noUpstream
        var longestMessage = 0
        var hasStream = false
        var hasParked = false
    }

    let commands: UnsafeMutablePointer<DriverCommand>
    var count = 0
    /// More commands were given than fit.
    var isOverfull = false
    /// The session has ended: commands are dropped.
    var isClosing = false

    /// The session's row; and the name of a datagram client, whose row has no address.
    var row: UnsafePointer<HookRow>?
    var clientName: UnsafePointer<SocketAddress>?
    var peer = SocketAddress()
    var queued = 0
    /// Of a pair's driver: bytes that wait for its upstream, and what it may ask of that.
    var queuedUpstream = 0
    var hasUpstream = false
    var links = LinkedBytes()
    var isReused = false
    var isDraining = false
    var work = Work()
    var otherSide = OtherSide()
    var now: UInt64 = 0
    /// Where reasons are noted, and which call runs.
    let hook: UnsafeMutablePointer<HookCall>

    /// Takes a command, and its row's lease.
    mutating func append(_ command: DriverCommand) {
        guard !isClosing, count < Context.commandsMax else {
            var row = command.row
            row.release()
            if command.kind == .begin { PairTask.end(command.number) }
            isOverfull = true
            return
        }
        commands[count] = command
        count += 1
    }

    /// An error of a driver: its text is the reason of the session's end.
    func note(_ error: any Error) { noteReason("\(error)") }

    func noteReason(_ reason: String) {
        var text = reason
        text.withUTF8 { hook.pointee.setReason(UnsafeRawBufferPointer($0)) }
    }

    static func create(_ hook: UnsafeMutablePointer<HookCall>) -> UnsafeMutablePointer<DriverCall> {
        let call = UnsafeMutablePointer<DriverCall>.allocate(capacity: 1)
        call.initialize(
            to: DriverCall(commands: .allocate(capacity: Context.commandsMax), hook: hook))
        return call
    }

    static func destroy(_ call: UnsafeMutablePointer<DriverCall>) {
        call.pointee.commands.deallocate()
        call.deallocate()
    }

    private init(
        commands: UnsafeMutablePointer<DriverCommand>, hook: UnsafeMutablePointer<HookCall>
    ) {
        self.commands = commands
        self.hook = hook
    }
}

/// One thing that a driver wants done. Trivial: it holds the lease of its row.
struct DriverCommand {
    enum Kind: UInt8 {
        case send
        case deliver
        case deliverEnd
        case shutdown
        case pause
        case resume
        case awaitDrained
        case timer
        case drop
        case end
        // Of drivers that connect to upstreams themselves.
        case connect
        case closeUpstream
        /// Of a driver of one side alone.
        case hold
        // Of a pair's driver alone.
        case link
        case park
        case begin
    }

    let kind: Kind
    /// Of a timer: it is set. Of an end: it is a reset. Of a hold: it begins.
    var flag = false
    /// The side that it is about, of a pair's driver.
    var isOfClient = false
    var cause: EndCause = .completed
    /// Nanoseconds, the reason of a drop, bytes of a link, an upstream's number plus one,
    /// 1 for an end with a reason, or the token of work that has begun.
    var number: UInt64 = 0
    var row = BufferRow()

    init(_ kind: Kind) { self.kind = kind }

    /// With bytes, on any thread's buffer.
    init(_ kind: Kind, _ row: BufferRow) {
        self.kind = kind
        self.row = row
        self.row.takeOver()
        self.row.held = 0
    }

    /// Nil is never.
    static func timer(after time: Duration?) -> DriverCommand {
        var command = DriverCommand(.timer)
        if let time {
            command.number = nanoseconds(time)
            command.flag = true
        }
        return command
    }

    /// At least 0; longer than 146 years is that.
    static func nanoseconds(_ time: Duration) -> UInt64 {
        let (seconds, attoseconds) = time.components
        let (product, overflow) = max(0, seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let nanoseconds = overflow ? Int64.max / 2 : product
        return UInt64(clamping: nanoseconds &+ max(0, attoseconds) / 1_000_000_000)
    }
}
