import PelmeniCore
import PelmeniRuntime
import Synchronization

/// Lines for a standard stream while an engine runs, written by a thread of their own: a reader
/// that blocks delays no other part of the process.
final class OutputQueue: Sendable {
    /// Bytes that wait: thousands of lines. Lines over the limit are lost and counted, and a line
    /// reports the number once the reader reads again.
    static let bytesMax = 1 << 20
    /// Bytes of one write: a slow reader's progress shows between two writes.
    private static let writeBytes = 16 << 10

    private struct Entry {
        var text: String
        /// Lost lines that this entry reports.
        var told = 0
    }

    private struct State {
        var entries: [Entry] = []
        var bytes = 0
        /// The entries being written, and the number of writes so far.
        var underway: [Entry] = []
        var writes = 0
        /// Lost lines that no entry reports.
        var lost = 0
        /// A thread writes; it ends once no entry is left.
        var isWriting = false
        /// The stream refused the last write, on a full disk, say: losses are reported once the
        /// stream takes a write again.
        var isRefusing = false
        /// Called when the stream refuses a write.
        var refused: (@Sendable () -> Void)?

        mutating func append(_ entry: Entry) {
            entries.append(entry)
            bytes += entry.text.utf8.count
        }
    }

    private let state = Mutex(State())
    private let take: @Sendable (String) -> Int
    private let start: @Sendable (@escaping @Sendable () -> Void) -> Bool
    private let lostLine: @Sendable (Int) -> String

    /// - Parameter lostLine: the line that reports lost lines.
    convenience init(_ stream: StandardStream, lostLine: @escaping @Sendable (Int) -> String) {
        self.init(take: { stream.take($0, patience: nil) }, lostLine: lostLine)
    }

    /// - Parameters:
    ///   - take: writes, and returns the number of bytes taken.
    ///   - start: starts a thread; false when the system gives none.
    init(
        take: @escaping @Sendable (String) -> Int,
        start: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = {
            DetachedThread.start($0)
        }, lostLine: @escaping @Sendable (Int) -> String
    ) {
        self.take = take
        self.start = start
        self.lostLine = lostLine
    }

    func write(line: String, isOwed: Bool = false) { write(line + "\n", isOwed: isOwed) }

    /// - Parameters:
    ///   - isOwed: the text is kept, however many bytes wait.
    ///   - refused: called when the stream refuses it, closed by its reader, say.
    func write(_ text: String, isOwed: Bool = false, refused: (@Sendable () -> Void)? = nil) {
        let starts = state.withLock { state in
            guard isOwed || state.bytes + text.utf8.count <= Self.bytesMax else {
                state.lost += 1
                return false
            }
            // In its place among the lines, even while more lines come.
            if !state.isRefusing { tellLost(&state) }
            state.append(Entry(text: text))
            if let refused { state.refused = refused }
            return true
        }
        if starts { begin() }
    }

    private func tellLost(_ state: inout State) {
        guard state.lost > 0 else { return }
        state.append(Entry(text: lostLine(state.lost) + "\n", told: state.lost))
        state.lost = 0
    }

    /// Starts the thread, unless it runs. Without a thread the next line tries again, and so does
    /// the end.
    private func begin() {
        let starts = state.withLock { state in
            guard !state.isWriting, !state.entries.isEmpty else { return false }
            state.isWriting = true
            return true
        }
        if starts, !start({ self.work() }) { state.withLock { $0.isWriting = false } }
    }

    private func work() {
        while let text = next() {
            let taken = take(text)
            let refused = state.withLock { finish(&$0, taken: taken) }
            refused?()
        }
    }

    private func next() -> String? {
        state.withLock { state in
            if state.entries.isEmpty, !state.isRefusing { tellLost(&state) }
            guard !state.entries.isEmpty else {
                state.isWriting = false
                return nil
            }
            var count = 0
            var bytes = 0
            while count < state.entries.count, bytes < Self.writeBytes {
                bytes += state.entries[count].text.utf8.count
                count += 1
            }
            state.underway = Array(state.entries.prefix(count))
            state.entries.removeFirst(count)
            return state.underway.map(\.text).joined()
        }
    }

    /// Bytes count until they are written: bytes that the reader has not taken are in memory too.
    private func finish(_ state: inout State, taken: Int) -> (@Sendable () -> Void)? {
        var end = 0
        for entry in state.underway {
            end += entry.text.utf8.count
            if end > taken { state.lost += max(1, entry.told) }
        }
        state.bytes -= end
        state.underway = []
        state.writes += 1
        state.isRefusing = end > taken
        guard state.isRefusing else { return nil }
        defer { state.refused = nil }
        return state.refused
    }

    /// Waits until all is written, as long as the reader takes bytes within the patience, and no
    /// longer than ten times that.
    func flush(within patience: () -> Duration) async {
        let begun = ContinuousClock.now
        var (since, seen) = (begun, -1)
        while true {
            begin()
            let (isWriting, isEmpty, writes) = state.withLock {
                ($0.isWriting, $0.entries.isEmpty, $0.writes)
            }
            let now = ContinuousClock.now
            if writes != seen { (since, seen) = (now, writes) }
            guard isWriting || !isEmpty, now - since < patience(), now - begun < patience() * 10
            else { return }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }
}
