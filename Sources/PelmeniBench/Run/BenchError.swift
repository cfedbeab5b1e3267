/// Why something could not be measured.
package enum BenchError: Error, Equatable, CustomStringConvertible {
    /// Somebody asked the run to end.
    case interrupted
    /// Not granted by the kernel, or not installed: no error of the run.
    case refused(String)
    case failed(String)
    /// An option that makes no sense.
    case usage(String)

    package var description: String {
        switch self {
        case .interrupted: "interrupted"
        case .refused(let text), .failed(let text), .usage(let text): text
        }
    }
}
