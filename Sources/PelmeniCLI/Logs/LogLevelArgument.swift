import ArgumentParser
import Logging
import Pelmeni
import PelmeniLogging

/// `--log-level`.
enum LogLevelArgument: String, CaseIterable, Sendable, ExpressibleByArgument {
    case debug
    case info
    case warning
    case error

    var engineLevel: LogEntry.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }

    var loggerLevel: Logger.Level { Logger.Level(engineLevel) }
}
