package import PelmeniCore
internal import PelmeniRuntime

extension PairOptions {
    /// The timeouts of a pair; nil is never.
    package struct Durations: Equatable, Sendable {
        package var firstByte: Duration?
        package var idle: Duration? = .seconds(3_600)
        package var linger: Duration? = .seconds(30)
        package var stall: Duration? = .seconds(300)

        /// The defaults of a kind of pair.
        init(inheritedBy kind: PairKind) {
            if kind.hasDatagrams { idle = .seconds(60) }
        }
    }

    /// The timeouts of a pair of this kind.
    package func durations(of kind: PairKind) -> Durations {
        var durations = Durations(inheritedBy: kind)
        durations.firstByte = firstByteTimeout.duration(inherited: durations.firstByte)
        durations.idle = idleTimeout.duration(inherited: durations.idle)
        durations.linger = lingerTimeout.duration(inherited: durations.linger)
        durations.stall = stallTimeout.duration(inherited: durations.stall)
        return durations
    }

    func deadlines(of kind: PairKind) -> Deadlines {
        let durations = durations(of: kind)
        var deadlines = Deadlines()
        deadlines.connect = connectTimeout.nanoseconds
        deadlines.firstByte = durations.firstByte?.nanoseconds ?? 0
        deadlines.idle = durations.idle?.nanoseconds ?? 0
        deadlines.linger = durations.linger?.nanoseconds ?? 0
        deadlines.stall = durations.stall?.nanoseconds ?? 0
        return deadlines
    }

    var nameUse: PairConfiguration.NameUse {
        var use = PairConfiguration.NameUse()
        use.spreads = upstreamAddresses == .all
        use.interval = lookupInterval.nanoseconds
        return use
    }

    var socketOptions: SocketOptions {
        var options = SocketOptions()
        options.keepAliveSeconds = Int32(clamping: keepAliveTime?.components.seconds ?? 0)
        // The kernel takes a signed number.
        let milliseconds = Int32(clamping: (userTimeout?.nanoseconds ?? 0) / 1_000_000)
        options.userTimeoutMilliseconds = UInt32(milliseconds)
        options.buffers = buffers
        return options
    }

    var datagramOptions: DatagramOptions {
        var options = DatagramOptions()
        options.buffers = buffers
        options.keepsDF = keepsDF
        return options
    }

    private var buffers: SocketBuffers {
        SocketBuffers(receive: receiveBufferBytes, send: sendBufferBytes)
    }
}
