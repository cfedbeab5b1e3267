import Foundation
import Synchronization

/// What is written to a standard stream while an engine runs: by a thread of its own, so that a reader that
/// stands still holds up nothing but what it should read.
final class OutputQueue: Sendable {
    /// Bytes that wait: thousands of lines. What is over is lost, counted, and said in a line once the reader
    /// reads again.
    static let bytesMax = 1 << 20

    private struct State {
        var texts: [String] = []
        var bytes = 0
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

    func write(line: String) { write(line + "\n") }

    /// - Parameter refused: called when the stream takes no more of it, closed by its reader, say.
    func write(_ text: String, refused: (@Sendable () -> Void)? = nil) {
        let starts = state.withLock { state in
            guard state.bytes + text.utf8.count <= Self.bytesMax else {
                state.lost += 1
                return false
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
            if !state.texts.isEmpty {
                let all = state.texts.joined()
                state.texts = []
                // The bytes count until they are written: what the reader does not take is in memory too.
                state.bytes = all.utf8.count
                return all
            }
            state.bytes = 0
            guard state.lost > 0 else {
                state.isWriting = false
                return nil
            }
            defer { state.lost = 0 }
            return lostLine(state.lost) + "\n"
        }
    }

    /// Waits until all is written, or for as long as told.
    func flush(within patience: () -> Duration) async {
        let start = ContinuousClock.now
        while state.withLock({ $0.isWriting }), ContinuousClock.now - start < patience() {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }
}
