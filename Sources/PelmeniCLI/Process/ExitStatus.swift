import ArgumentParser
import Pelmeni

/// The exit codes of every command.
enum ExitStatus: Int32, Error, Sendable {
    case success = 0
    /// It failed at run time: an address in use, say.
    case failed = 1
    /// Bad usage, or a bad file.
    case usage = 2
    /// The backend that was asked for is refused.
    case backendRefused = 3
    /// The drain deadline, or a second signal, cut something off.
    case cut = 4

    /// What an error that ended a command means to the shell.
    init(_ error: any Error) {
        switch error {
        case let status as ExitStatus: self = status
        case is UsageError: self = .usage
        case let error as EngineError: self = Self.status(error.kind)
        default:
            // The argument parser ends with sysexits' 64 what it could not parse, and --help with
            // 0.
            switch PelmeniCommand.exitCode(for: error) {
            case .success: self = .success
            case .validationFailure: self = .usage
            default: self = .failed
            }
        }
    }

    private static func status(_ kind: EngineError.Kind) -> ExitStatus {
        switch kind {
        case .usage: .usage
        case .backendRefused: .backendRefused
        case .failed: .failed
        }
    }
}
