import ArgumentParser
import Pelmeni
import PelmeniHTTP

/// `pelmeni run`: relays every pair until a signal ends it.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Relay every pair until a signal ends it.",
        usage: "pelmeni run LISTEN UPSTREAM [LISTEN UPSTREAM ...] [options]",
        discussion: """
            EXAMPLES:
              pelmeni run tcp://127.0.0.1:8080 tcp://127.0.0.1:9000
              pelmeni run tcp://:8080 'tcp://10.0.0.1:80,10.0.0.2:80?connect=2s'
              pelmeni run 'unix:///run/app.sock?mode=0660' tcp://[::1]:5432 --backend epoll
              pelmeni run 'tcp://:80?on=0' tcp://web:80 'tcp://:443?on=1' tcp://web:443
              pelmeni run tcp://:53 udp://127.0.0.1:5353
              pelmeni run 'udp://:53?profile=dns' udp://dns:53 tcp://:53 tcp://dns:53
              pelmeni run 'tcp://:601?framing=octet-count' udp://127.0.0.1:514
              pelmeni run udp://:8125 'tcp://10.0.0.3:8126?framing=line'
              pelmeni run 'tcp://:9000?framing=line' 'tcp://10.0.0.5:9001?framing=u32be'
              pelmeni run http://:8080 http://10.0.0.1:80 --access-log /var/log/access.log

            The five before the last: DNS over TCP in front of a UDP resolver; a resolver over both; syslog \
            over TCP to UDP; statsd over UDP to lines over TCP; lines to messages with a length.

            \(EndpointHelp.text)

            SIGNALS: TERM and INT stop accepting and let what is open end, until the drain timeout; a \
            second one stops now. USR1 opens the file of --access-log anew, for logrotate.

            EXIT CODES: 0 ended well, 1 failed, 2 bad usage, 3 the backend is refused, 4 sessions were \
            cut off.
            """)

    @Argument(help: ArgumentHelp("Endpoints, LISTEN and UPSTREAM in turn.", valueName: "endpoint"))
    var endpoints: [String]

    @OptionGroup var engineArguments: EngineArguments

    @Option(help: "Log entries from this level on, to standard error.")
    var logLevel = LogLevelArgument.info

    @Option(help: "How log entries are written.")
    var logFormat = LogFormat.text

    @OptionGroup var accessArguments: AccessLogArguments

    func run() async throws {
        let pairs = try EndpointPair.list(endpoints)
        try accessArguments.check(pairs)
        let output = RunOutput(format: logFormat)
        let logger = EngineLogger(level: logLevel, format: logFormat, write: output.log)
        let accessLog = try accessArguments.open { logger.log($0) }
        let engine = try engineArguments.engine(
            pairs, level: logLevel.engineLevel, accessLog: accessLog
        ) { logger.log($0) }
        // From here on a signal means drain, even before the listeners are open.
        let signals = SignalWatch.process.subscribe()
        do throws(EngineError) {
            try await engine.start()
        } catch {
            await output.flush(isHurried: { false })
            throw error
        }
        output.ready(RunCommand.readyText(engine)) {
            logger.log(.warning, "standard output took no ready line; relaying all the same")
        }
        let ending = RunEnding(
            engine, timeout: engineArguments.drainTimeout, accessLog: accessLog, logger)
        let watcher = Task { await ending.follow(signals) }
        defer { watcher.cancel() }
        var failure: EngineError?
        do throws(EngineError) {
            try await engine.run()
        } catch {
            failure = error
        }
        let statistics = engine.statistics
        // The summary is written at any log level, and after a failure too.
        let summary = EngineLogger(level: .info, format: logFormat, write: output.owed)
        if let accessLog {
            await accessLog.flush(within: RunOutput.accessPatience)
            summary.log(RunSummary.entry(accessLog.statistics))
        }
        summary.log(RunSummary.entry(statistics))
        await output.flush { ending.isForced }
        if let failure { throw failure }
        if ending.isForced || statistics.causes[.drainCut, default: 0] > 0 { throw ExitStatus.cut }
    }

    /// One line for each listener, then the ready line.
    private static func readyText(_ engine: Engine) -> String {
        let lines = engine.listeners.map { "listening \($0)\n" }.joined()
        let backend = engine.backend?.rawValue ?? "none"
        return lines + "ready backend=\(backend) workers=\(engine.workers)\n"
    }
}
