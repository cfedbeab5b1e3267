import Foundation
import Synchronization

/// What is written to a standard stream while an engine runs: by a thread of its own, so that a reader that
/// stands still holds up nothing but what it should read.
final class OutputQueue: Sendable {
    /// Bytes that wait: thousands of lines. What is over is lost, counted, and said in a line once the reader
    /// reads again.
    static let bytesMax = 1 << 20
    /// Bytes of one write: a slow reader's progress shows between two of them.
    private static let writeBytes = 16 << 10

    private struct State {
        var texts: [String] = []
        var bytes = 0
        /// Of those, what is being written; and how often something was.
        var underway = 0
        var writes = 0
        /// Lines lost since the last one that was taken.
        var lost = 0
        /// A thread writes; it ends once nothing is left.
        var isWriting = false
        /// Something is said when the stream refuses what is written to it.
        var refused: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let stream: StandardStream
    private let lostLine: @Sendable (Int) -> String

    /// - Parameter lostLine: what to say of lines that were lost.
    init(_ stream: StandardStream, lostLine: @escaping @Sendable (Int) -> String) {
        self.stream = stream
        self.lostLine = lostLine
    }

    func write(line: String, isOwed: Bool = false) { write(line + "\n", isOwed: isOwed) }

    /// - Parameters:
    ///   - isOwed: it is kept however much waits already.
    ///   - refused: called when the stream takes no more of it, closed by its reader, say.
    func write(_ text: String, isOwed: Bool = false, refused: (@Sendable () -> Void)? = nil) {
        let starts = state.withLock { state in
            guard isOwed || state.bytes + text.utf8.count <= Self.bytesMax else {
                state.lost += 1
                return false
            }
            if state.lost > 0 {
                // In its place, also where lines go on coming.
                let line = lostLine(state.lost) + "\n"
                state.texts.append(line)
                state.bytes += line.utf8.count
                state.lost = 0
            }
            state.texts.append(text)
            state.bytes += text.utf8.count
            if let refused { state.refused = refused }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if starts { Thread.detachNewThread { self.work() } }
    }

    private func work() {
        while let text = next() {
            guard !stream.write(text, patience: nil) else { continue }
            let refused = state.withLock { state in
                defer { state.refused = nil }
                return state.refused
            }
            refused?()
        }
    }

    private func next() -> String? {
        state.withLock { state in
            // The bytes count until they are written: what the reader does not take is in memory too.
            state.bytes -= state.underway
            state.underway = 0
            state.writes += 1
            if !state.texts.isEmpty {
                var count = 0
                while count < state.texts.count, state.underway < Self.writeBytes {
                    state.underway += state.texts[count].utf8.count
                    count += 1
                }
                defer { state.texts.removeFirst(count) }
                return state.texts.prefix(count).joined()
            }
            guard state.lost > 0 else {
                state.isWriting = false
                return nil
            }
            defer { state.lost = 0 }
            return lostLine(state.lost) + "\n"
        }
    }

    /// Waits until all is written, as long as the reader takes something within the time told, and no longer than ten
    /// times that.
    func flush(within patience: () -> Duration) async {
        let begun = ContinuousClock.now
        var (since, seen) = (begun, -1)
        while true {
            let (isWriting, writes) = state.withLock { ($0.isWriting, $0.writes) }
            let now = ContinuousClock.now
            if writes != seen { (since, seen) = (now, writes) }
            guard isWriting, now - since < patience(), now - begun < patience() * 10 else { return }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }
}
