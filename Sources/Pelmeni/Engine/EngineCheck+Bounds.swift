internal import PelmeniCore
internal import PelmeniRuntime

/// The largest values of options. Their sums and products do not overflow: times fit a clock of 64
/// bits in nanoseconds, counts fit 32 bits before a multiplication.
extension EngineCheck {
    /// A longer duration is a mistake; ``Timeout/never`` lasts for ever.
    package static let durationMax: Duration = .seconds(365 * 24 * 3_600)
    /// Sessions, and datagrams of a session.
    package static let countMax = Int(Int32.max)
    /// A TiB of blocks.
    package static let poolBytesMax = 1 << 40
    /// tcp(7): whole seconds, up to this.
    package static let keepAliveMax: Duration = .seconds(32_767)
    /// tcp(7) counts milliseconds in 31 bits, and accepts more without an error.
    package static let userTimeoutMax: Duration = .seconds(24 * 3_600)
    /// As the wait after a lookup that failed.
    package static let lookupIntervalMin: Duration = .seconds(1)
    package static let lookupIntervalMax: Duration = .seconds(24 * 3_600)
    package static let modeMax: UInt16 = 0o777

    func checkDurations(_ server: any Server) throws(EngineError) {
        let options = server.options
        let subject = server.endpoint.description
        try checkDuration(options.connectTimeout, .connectTimeout, of: subject)
        let timeouts: [(OptionName, Timeout)] = [
            (.firstByteTimeout, options.firstByteTimeout), (.idleTimeout, options.idleTimeout),
            (.lingerTimeout, options.lingerTimeout), (.stallTimeout, options.stallTimeout),
        ]
        for (option, timeout) in timeouts {
            guard case .after(let duration) = timeout else { continue }
            try checkDuration(
                duration, option, of: subject, remedy: "\(spelling.never) switches it off")
        }
        if let time = options.keepAliveTime {
            guard time.components.attoseconds == 0, time >= .seconds(1), time <= Self.keepAliveMax
            else {
                throw usage(
                    subject,
                    "\(name(.keepAliveTime)) is 1s to 32767s in whole seconds, not \(time)")
            }
        }
        guard options.lookupInterval >= Self.lookupIntervalMin,
            options.lookupInterval <= Self.lookupIntervalMax
        else {
            throw usage(
                subject, "\(name(.lookupInterval)) is 1s to 24h, not \(options.lookupInterval)")
        }
        if let timeout = options.userTimeout {
            guard timeout >= .milliseconds(1), timeout <= Self.userTimeoutMax else {
                throw usage(subject, "\(name(.userTimeout)) is 1ms to 24h, not \(timeout)")
            }
        }
    }

    private func checkDuration(
        _ duration: Duration, _ option: OptionName, of subject: String, remedy: String = ""
    ) throws(EngineError) {
        guard duration > .zero, duration <= Self.durationMax else {
            throw usage(
                subject,
                "\(name(option)) must be more than 0 and at most 8760h, not \(duration)", remedy)
        }
    }

    /// Checks the session limit of a pair, or of an engine.
    func checkSessions(
        _ sessions: Int?, _ option: OptionName, of subject: String
    ) throws(EngineError) {
        guard let sessions, !(1...Self.countMax).contains(sessions) else { return }
        throw usage(
            subject, "\(name(option)) is 1 to \(Self.countMax), not \(sessions)",
            "leave it out for no limit")
    }

    func checkEngine(_ options: EngineOptions, workers: Int) throws(EngineError) {
        let pool = name(.poolBytes)
        guard options.poolBytes >= workers << 20 else {
            throw usage(pool, "each worker needs at least 1 MiB of blocks")
        }
        guard options.poolBytes <= Self.poolBytesMax else {
            throw usage(
                pool, "\(options.poolBytes) bytes of blocks are more than \(Self.poolBytesMax)")
        }
        try checkSessions(
            options.sessionLimit, .engineSessionLimit, of: name(.engineSessionLimit))
        guard options.drainTimeout >= .zero, options.drainTimeout <= Self.durationMax else {
            throw usage(
                name(.drainTimeout), "it must be 0 to 8760h, not \(options.drainTimeout)")
        }
    }
}
