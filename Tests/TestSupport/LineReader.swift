import Foundation

/// Reads a process's output at once, so that the process never waits for its reader.
package final class LineReader: @unchecked Sendable {
    private let condition = NSCondition()
    // Guarded by the condition.
    private var text = ""
    private var hasEnded = false

    init(_ descriptor: Int32) {
        let thread = Thread { [weak self] in
            var bytes = [UInt8](repeating: 0, count: 1 << 14)
            while true {
                let count = Foundation.read(descriptor, &bytes, bytes.count)
                guard count > 0, let self else { break }
                self.take(bytes[..<count])
            }
            close(descriptor)
            self?.end()
        }
        thread.stackSize = 1 << 18
        thread.start()
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        condition.lock()
        text += String(decoding: bytes, as: UTF8.self)
        condition.broadcast()
        condition.unlock()
    }

    private func end() {
        condition.lock()
        hasEnded = true
        condition.broadcast()
        condition.unlock()
    }

    package var everything: String {
        condition.lock()
        defer { condition.unlock() }
        return text
    }

    /// Whole lines so far.
    package var lines: [String] {
        everything.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init)
    }

    /// The first whole line that contains `part`.
    @discardableResult
    package func waitForLine(
        _ part: String, within: Duration = Patience.usual
    ) throws -> String {
        try wait("a line with \"\(part)\"", within) { lines.first { $0.contains(part) } }
    }

    package func waitForEnd(within: Duration = Patience.usual) throws {
        _ = try wait("the end of the output", within) { hasEnded ? true : nil }
    }

    private func wait<Value>(
        _ what: String, _ within: Duration, _ found: () -> Value?
    ) throws -> Value {
        let patience = Patience(within)
        while true {
            if let value = found() { return value }
            condition.lock()
            let isOver = hasEnded
            if !isOver { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.02)) }
            condition.unlock()
            if let value = found() { return value }
            guard !isOver, !patience.isOver else {
                throw Overdue(description: "\(what) did not come; there is: \(everything)")
            }
        }
    }
}
