internal import Glibc

/// Prints lines in a task of its own: a hook must not wait for standard output.
///
/// Lines beyond those that wait already are left out.
package final class LinePrinter: Sendable {
    private static let linesMax = 4096
    private let lines: AsyncStream<String>.Continuation

    /// - Parameter print: called with one line after the other.
    package init(_ print: @escaping @Sendable (String) -> Void = LinePrinter.printNow) {
        let (stream, lines) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(Self.linesMax))
        self.lines = lines
        Task.detached {
            for await line in stream { print(line) }
        }
    }

    /// Prints a line at once, into a file or a pipe too.
    @Sendable package static func printNow(_ line: String) {
        print(line)
        fflush(nil)
    }

    package func callAsFunction(_ line: String) { lines.yield(line) }
}
