import ArgumentParser
import Pelmeni
import PelmeniHTTP

/// The access log of `run`.
struct AccessLogArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write a line for each exchange of http pairs to this file; - is standard output.",
            valueName: "file"))
    var accessLog: String?

    @Option(help: "How lines of the access log are written. (default: text)")
    var accessLogFormat: LogFormat?

    /// - Throws: a usage error where the log would have no lines.
    func check(_ pairs: [EndpointPair]) throws(UsageError) {
        guard let accessLog else {
            guard accessLogFormat == nil else {
                throw UsageError("--access-log-format needs --access-log FILE")
            }
            return
        }
        guard !accessLog.isEmpty else {
            throw UsageError("--access-log \"\" is no file; write a path, or - for standard output")
        }
        guard pairs.contains(where: { $0.isHTTP }) else {
            throw UsageError("--access-log has lines of http pairs, and no pair is one")
        }
    }

    /// - Throws: an `EngineError` when the file cannot be opened.
    func open(
        _ report: @escaping @Sendable (LogEntry) -> Void
    ) throws(EngineError) -> HTTPAccessLog? {
        guard let accessLog else { return nil }
        let format: HTTPAccessLog.Format = accessLogFormat == .json ? .json : .text
        guard accessLog != "-" else {
            return try HTTPAccessLog(
                descriptor: StandardStream.output.rawValue, format: format, report: report)
        }
        return try HTTPAccessLog(path: accessLog, format: format, report: report)
    }
}
