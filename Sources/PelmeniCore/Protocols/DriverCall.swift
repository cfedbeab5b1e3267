/// What the driver that runs may see, and its commands: one a worker, in memory of its own.
@usableFromInline
struct DriverCall {
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
    var now: UInt64 = 0
    /// Where reasons are noted, and which call runs.
    let hook: UnsafeMutablePointer<HookCall>

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
    }

    let kind: Kind
    /// Of a timer: it is set. Of an end: it is a reset.
    var flag = false
    var cause: EndCause = .completed
    /// Nanoseconds, or the reason of a drop.
    var number: UInt64 = 0
    var row = BufferRow()

    init(_ kind: Kind) { self.kind = kind }
}
