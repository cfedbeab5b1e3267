import ArgumentParser
import Pelmeni

/// The exit codes of every command.
enum ExitStatus: Int32, Error, Sendable {
    case success = 0
    /// A failure at run time: an address in use, say.
    case failed = 1
    /// Bad usage, or a bad file.
    case usage = 2
    /// The backend asked for is refused.
    case backendRefused = 3
    /// The drain deadline, or a second signal, cut a session.
    case cut = 4

    /// The exit code of an error that ended a command.
    init(_ error: any Error) {
        switch error {
        case let status as ExitStatus: self = status
        case is UsageError: self = .usage
        case let error as EngineError: self = Self.status(error.kind)
        default:
            // The argument parser ends with sysexits' 64 for a parse error, and with 0 for --help.
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
