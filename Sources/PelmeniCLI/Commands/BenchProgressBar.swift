import Glibc
import PelmeniBench
import Synchronization

/// Shows the progress of a run on standard error: a bar on a terminal, elsewhere a line for each
/// round of a scenario.
final class BenchProgressBar: Sendable {
    private static let width = 24

    private let isTerminal = isatty(StandardStream.error.rawValue) == 1
    private let lastLine = Mutex("")

    func show(_ progress: BenchProgress) {
        guard !isTerminal else {
            StandardStream.error.write("\r\u{1b}[K\(Self.bar(progress))")
            return
        }
        let line = Self.line(progress)
        let isNew = lastLine.withLock { last in
            defer { last = line }
            return last != line
        }
        if isNew { StandardStream.error.write(line: line) }
    }

    /// Erases the bar.
    func clear() {
        if isTerminal { StandardStream.error.write("\r\u{1b}[K") }
    }

    static func bar(_ progress: BenchProgress) -> String {
        let full = Int(progress.done * Double(width))
        let bar = String(repeating: "=", count: full) + String(repeating: " ", count: width - full)
        let left = progress.secondsLeft.map { ", \(time($0)) left" } ?? ""
        return "[\(bar)] \(line(progress)), \(progress.subject)\(left)"
    }

    static func line(_ progress: BenchProgress) -> String {
        progress.round == 0
            ? "\(progress.scenario): looking for a rate"
            : "\(progress.scenario): round \(progress.round) of \(progress.rounds)"
    }

    static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
    }
}
