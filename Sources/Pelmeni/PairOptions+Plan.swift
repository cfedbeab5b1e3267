package import PelmeniCore

extension PairOptions {
    /// What holds where ``idle`` is not set and datagrams cross a side.
    private static let datagramIdle: Duration = .seconds(60)

    /// The idle deadline that holds for a pair of this kind.
    package func idle(of kind: PairKind) -> Duration? {
        hasIdle || !kind.hasDatagrams ? idle : Self.datagramIdle
    }

    /// How messages cross a pair. The numbers must have been checked: what does not fit is cut to
    /// what does.
    package var messages: MessagePlan {
        MessagePlan(
            framing: framing ?? .u16be, maxFrame: maxFrame ?? MessagePlan.maxFrameDefault,
            requests: UInt32(clamping: requests ?? 0), responses: UInt32(clamping: responses ?? 0))
    }

    func deadlines(of kind: PairKind) -> Deadlines {
        var it = Deadlines()
        it.connect = connect.nanoseconds
        it.firstByte = firstByte?.nanoseconds ?? 0
        it.idle = idle(of: kind)?.nanoseconds ?? 0
        it.linger = linger?.nanoseconds ?? 0
        it.stall = stall?.nanoseconds ?? 0
        return it
    }

    var socketOptions: SocketOptions {
        var it = SocketOptions()
        it.keepAliveSeconds = Int32(clamping: keepAlive?.components.seconds ?? 0)
        // The kernel takes it as a signed number.
        let milliseconds = Int32(clamping: (userTimeout?.nanoseconds ?? 0) / 1_000_000)
        it.userTimeoutMilliseconds = UInt32(milliseconds)
        return it
    }
}
