import PelmeniCore
import PelmeniRuntime
import Synchronization

/// What is written to a standard stream while an engine runs: by a thread of its own, so that a
/// reader that stands still holds up nothing but what it should read.
final class OutputQueue: Sendable {
    /// Bytes that wait: thousands of lines. What is over is lost, counted, and said in a line once
    /// the reader reads again.
    static let bytesMax = 1 << 20
    /// Bytes of one write: a slow reader's progress shows between two of them.
    private static let writeBytes = 16 << 10

    private struct Entry {
        var text: String
        /// Lost lines that this one tells of.
        var told = 0
    }

    private struct State {
        var entries: [Entry] = []
        var bytes = 0
        /// What is being written; and how often something was.
        var underway: [Entry] = []
        var writes = 0
        /// Lines lost that no entry tells of.
        var lost = 0
        /// A thread writes; it ends once nothing is left.
        var isWriting = false
        /// The stream did not take the last write, on a full disk, say: what is lost is told once
        /// it takes one again.
        var isRefusing = false
        /// Something is said when the stream refuses what is written to it.
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

    /// - Parameter lostLine: what to say of lines that were lost.
    convenience init(_ stream: StandardStream, lostLine: @escaping @Sendable (Int) -> String) {
        self.init(take: { stream.take($0, patience: nil) }, lostLine: lostLine)
    }

    /// - Parameters:
    ///   - take: writes, and says how many bytes were taken.
    ///   - start: starts a thread, or says that there is none.
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
    ///   - isOwed: it is kept however much waits already.
    ///   - refused: called when the stream takes no more of it, closed by its reader, say.
    func write(_ text: String, isOwed: Bool = false, refused: (@Sendable () -> Void)? = nil) {
        let starts = state.withLock { state in
            guard isOwed || state.bytes + text.utf8.count <= Self.bytesMax else {
                state.lost += 1
                return false
            }
            // In its place, also where lines go on coming.
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

    /// Starts the thread, unless it runs. Without one the next line tries again, and so does the
    /// end.
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

    /// The bytes count until they are written: what the reader does not take is in memory too.
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

    /// Waits until all is written, as long as the reader takes something within the time told, and
    /// no longer than ten times that.
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
