internal import PelmeniCore

/// The largest values of what is configured. Sums and products of them fit where they are made:
/// times into the 64 bits of a clock in nanoseconds, counts into 32 bits before they are
/// multiplied.
extension EngineCheck {
    /// Longer is a slip of the pen; what is to last for ever is nil.
    package static let durationMax: Duration = .seconds(365 * 24 * 3_600)
    /// Sessions, and datagrams of one.
    package static let countMax = Int(Int32.max)
    /// A TiB of blocks.
    package static let poolBytesMax = 1 << 40
    /// tcp(7) takes whole seconds, and no more.
    package static let keepAliveMax: Duration = .seconds(32_767)
    /// tcp(7) counts milliseconds in 31 bits, and says nothing when there are more.
    package static let userTimeoutMax: Duration = .seconds(24 * 3_600)
    package static let modeMax: UInt16 = 0o777

    static func checkDurations(_ server: any Server) throws(EngineError) {
        let options = server.options
        let all: [(name: String, value: Duration?)] = [
            ("connect", options.connect), ("first-byte", options.firstByte),
            ("idle", options.idle), ("linger", options.linger), ("stall", options.stall),
        ]
        let subject = server.listens.description
        for (name, value) in all {
            guard let value else { continue }
            guard value > .zero, value <= durationMax else {
                throw usage(
                    subject, "\(name) must be more than 0 and at most 8760h, not \(value)",
                    name == "connect" ? "" : "leave it out for ever: nil, or none")
            }
        }
        if let keepAlive = options.keepAlive {
            guard keepAlive.components.attoseconds == 0, keepAlive >= .seconds(1),
                keepAlive <= keepAliveMax
            else {
                throw usage(
                    subject, "keepalive is 1s to 32767s in whole seconds, not \(keepAlive)")
            }
        }
        if let userTimeout = options.userTimeout {
            guard userTimeout >= .milliseconds(1), userTimeout <= userTimeoutMax else {
                throw usage(subject, "user-timeout is 1ms to 24h, not \(userTimeout)")
            }
        }
    }

    static func checkReceiveBuffer(_ server: any Server) throws(EngineError) {
        guard let bytes = server.options.receiveBuffer else { return }
        let subject = server.listens.description
        guard hasUDP(server) else {
            throw usage(
                subject, "receive-buffer has no meaning without UDP on a side", "leave it out")
        }
        let (least, most) = (ReceiveBuffer.bytesMin, ReceiveBuffer.bytesMax)
        guard (least...most).contains(bytes) else {
            throw usage(subject, "receive-buffer is \(least) to \(most) bytes, not \(bytes)")
        }
    }

    /// Whether a side of a pair has UDP sockets.
    package static func hasUDP(_ server: any Server) -> Bool {
        ([server.listens] + server.client.destinations).contains { $0.place.scheme == "udp" }
    }

    /// The number of sessions of a pair, or of an engine.
    static func checkSessions(_ sessions: Int?, of subject: String) throws(EngineError) {
        guard let sessions, !(1...countMax).contains(sessions) else { return }
        throw usage(
            subject, "sessions is 1 to \(countMax), not \(sessions)", "leave it out for no limit")
    }

    static func checkEngine(_ options: EngineOptions, workers: Int) throws(EngineError) {
        guard options.poolBytes >= workers << 20 else {
            throw usage("poolBytes", "each worker needs at least 1 MiB of blocks")
        }
        guard options.poolBytes <= poolBytesMax else {
            throw usage(
                "poolBytes", "\(options.poolBytes) bytes of blocks are more than \(poolBytesMax)")
        }
        try checkSessions(options.sessions, of: "sessions")
        guard options.drainTimeout >= .zero, options.drainTimeout <= durationMax else {
            throw usage(
                "drainTimeout", "it must be 0 to 8760h, not \(options.drainTimeout)")
        }
    }
}
