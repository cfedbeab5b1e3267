/// The reason why a measurement failed.
package enum BenchError: Error, Equatable, CustomStringConvertible {
    /// The run was interrupted.
    case interrupted
    /// Not granted by the kernel, or not installed: no error of the run.
    case refused(String)
    case failed(String)
    /// An invalid option.
    case usage(String)

    package var description: String {
        switch self {
        case .interrupted: "interrupted"
        case .refused(let text), .failed(let text), .usage(let text): text
        }
    }
}
