import Synchronization
import TestSupport
import Testing

@testable import PelmeniCLI

/// Output to a standard stream, also when the stream does not accept it.
@Suite struct OutputQueueTests {
    /// A stream that accepts this many bytes of each write.
    private final class Stream: Sendable {
        let room = Mutex(Int.max)
        let text = Mutex("")
        let threads = Mutex(Int.max)

        func take(_ text: String) -> Int {
            let count = min(room.withLock { $0 }, text.utf8.count)
            self.text.withLock { $0 += String(text.prefix(count)) }
            return count
        }

        func start(_ body: @escaping @Sendable () -> Void) -> Bool {
            let isThere = threads.withLock { threads in
                defer { threads = max(0, threads - 1) }
                return threads > 0
            }
            // The caller waits for the thread's end: its effects are visible after the call.
            if isThere { body() }
            return isThere
        }

        func queue() -> OutputQueue {
            OutputQueue(
                take: { self.take($0) }, start: { self.start($0) }, lostLine: { "lost \($0)" })
        }
    }

    private let stream = Stream()

    private var text: String { stream.text.withLock { $0 } }

    @Test func linesThatAreNotTakenAreTold() {
        let queue = stream.queue()
        stream.room.withLock { $0 = 0 }
        for _ in 0..<3 { queue.write(line: "never") }
        stream.room.withLock { $0 = .max }
        queue.write(line: "first")
        #expect(text == "first\nlost 3\n")
    }

    /// The report of lost lines is not accepted itself.
    @Test func noneIsForgotten() {
        let queue = stream.queue()
        stream.room.withLock { $0 = 0 }
        queue.write(line: "never")
        stream.room.withLock { $0 = "a\n".utf8.count }
        queue.write(line: "a")
        #expect(text == "a\nlo")
        stream.room.withLock { $0 = .max }
        queue.write(line: "b")
        #expect(text == "a\nlob\nlost 1\n")
    }

    @Test func aPartOfALineIsALostLine() {
        let queue = stream.queue()
        stream.room.withLock { $0 = 3 }
        queue.write(line: "abcdef")
        stream.room.withLock { $0 = .max }
        queue.write(line: "next")
        #expect(text == "abcnext\nlost 1\n")
    }

    /// A caller that waits for the text gets the failure, once.
    @Test func aRefusalIsTold() {
        let queue = stream.queue()
        let told = Atomic<Int>(0)
        stream.room.withLock { $0 = 0 }
        queue.write("ready\n", refused: { told.add(1, ordering: .relaxed) })
        queue.write(line: "more")
        #expect(told.load(ordering: .relaxed) == 1)
    }

    @Test func withoutAThreadTheNextLineTriesAgain() {
        let queue = stream.queue()
        stream.threads.withLock { $0 = 0 }
        queue.write(line: "a")
        #expect(text == "")
        stream.threads.withLock { $0 = .max }
        queue.write(line: "b")
        #expect(text == "a\nb\n")
    }

    @Test func withoutAThreadTheEndTriesAgain() async {
        let queue = stream.queue()
        stream.threads.withLock { $0 = 0 }
        queue.write(line: "a")
        stream.threads.withLock { $0 = .max }
        await queue.flush { .seconds(10) }
        #expect(text == "a\n")
    }
}
