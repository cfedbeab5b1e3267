internal import Glibc
internal import Pelmeni
internal import Synchronization

/// The thread of an access log: moves lines from the queue to the file.
final class AccessWriter: @unchecked Sendable {
    /// How long lines are gathered for one write.
    private static let pauseMilliseconds: Int32 = 20
    private static let batchBytes = 64 << 10
    private static let reportMilliseconds = 10_000
    /// Between two looks at a pipe that is full, and how long one is waited for where the log is to
    /// end.
    private static let lookMilliseconds: Int32 = 100
    private static let patienceMilliseconds: Int32 = 1_000

    private struct Requests {
        var nextFile: AccessFile?
        /// Lines before this position go to the file that is open.
        var nextStart: UInt64 = 0
        var isClosed = false
    }

    /// Why lines were lost.
    private struct Losses {
        var errno: Int32 = 0
        var reported: UInt64 = 0
        var nextReport = ContinuousClock.now
    }

    let queue = AccessQueue()
    private let requests = Mutex(Requests())
    private let written = Atomic<UInt64>(0)
    private let refused = Atomic<UInt64>(0)
    private let report: (@Sendable (LogEntry) -> Void)?
    private let batch: UnsafeMutableRawBufferPointer
    // The thread's own.
    private var file: AccessFile
    private var losses = Losses()
    /// Part of a line is in the file, and the rest was refused.
    private var isTorn = false
    /// The writer gave up a pipe without a reader.
    private var isStuck = false

    init(_ file: AccessFile, report: (@Sendable (LogEntry) -> Void)?) {
        self.file = file
        self.report = report
        batch = .allocate(byteCount: Self.batchBytes, alignment: 8)
    }

    /// The thread has ended, and so has the last server.
    deinit {
        requests.withLock { $0.nextFile }?.close()
        file.close()
        queue.destroy()
        batch.deallocate()
    }

    // MARK: Other threads

    func replaceFile(_ file: AccessFile) {
        let older = requests.withLock { requests in
            defer {
                requests.nextFile = file
                requests.nextStart = queue.shared.pointee.head.load(ordering: .acquiring)
            }
            return requests.nextFile
        }
        older?.close()
        queue.ring()
    }

    func close() {
        requests.withLock { $0.isClosed = true }
        queue.ring()
    }

    var statistics: HTTPAccessLog.Statistics {
        let shared = queue.shared
        let (written, lost) = (written.load(ordering: .relaxed), lost)
        let added = shared.pointee.added.load(ordering: .relaxed)
        let known = written &+ lost
        return HTTPAccessLog.Statistics(
            written: written, lost: lost, waiting: added > known ? added &- known : 0)
    }

    // MARK: The thread

    func start() throws(EngineError) {
        // As the engine's own detached threads, which the public seam does not have.
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Signals belong to the program.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<AccessWriter>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code != 0 else { return }
        context.release()
        throw EngineError(
            kind: .failed, side: .engine, subject: "access log", errno: SystemError(code: code),
            reason: "no thread writes it")
    }

    private func run() {
        while true {
            let isClosed = requests.withLock { $0.isClosed }
            let nextStart = requests.withLock { $0.nextFile == nil ? nil : $0.nextStart }
            let isEmpty = drain(before: nextStart ?? .max)
            if nextStart != nil { replaceFile() }
            reportLosses(isLast: isClosed)
            if isClosed, isEmpty && nextStart == nil || isStuck { return }
            if isEmpty, nextStart == nil { rest() }
        }
    }

    private func replaceFile() {
        let next = requests.withLock { requests in
            defer { requests.nextFile = nil }
            return requests.nextFile
        }
        guard let next else { return }
        file.close()
        file = next
        isTorn = false
        isStuck = false
    }

    /// Writes what is there. False when lines came faster than a queue was written.
    private func drain(before end: UInt64) -> Bool {
        for _ in 0..<(AccessQueue.bytesMax / Self.batchBytes + 1) {
            let (bytes, lines) = queue.take(into: batch, before: end)
            guard bytes > 0 else { return true }
            write(bytes, lines: UInt64(lines))
            queue.shared.pointee.done.store(
                queue.shared.pointee.tail.load(ordering: .relaxed), ordering: .releasing)
            if isStuck { return true }
        }
        return false
    }

    /// Sleeps until a line comes, and then for as long as lines are gathered.
    private func rest() {
        let shared = queue.shared
        shared.pointee.isAsleep.store(true, ordering: .sequentiallyConsistent)
        let time = hasLosses ? Self.reportMilliseconds : nil
        if queue.isEmpty { queue.listen(milliseconds: time) }
        shared.pointee.isAsleep.store(false, ordering: .relaxed)
        // Of the monotonic clock: a step of the other one would delay lines.
        poll(nil, 0, Self.pauseMilliseconds)
    }

    // MARK: The file

    private func write(_ bytes: Int, lines: UInt64) {
        guard let start = batch.baseAddress else { return }
        var newline: UInt8 = 0x0a
        if isTorn, awaitRoom(), Glibc.write(file.descriptor, &newline, 1) == 1 { isTorn = false }
        var done = 0
        while done < bytes {
            guard awaitRoom() else { return refuse(from: done, bytes, lines, ETIMEDOUT) }
            let most = file.mayBlock ? min(AccessFile.pipeBytes, bytes - done) : bytes - done
            let count = Glibc.write(file.descriptor, start + done, most)
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR && errno != EAGAIN {
                return refuse(from: done, bytes, lines, count == 0 ? EIO : errno)
            }
        }
        written.wrappingAdd(lines, ordering: .relaxed)
    }

    /// Waits for a pipe that is full. False when its reader takes nothing, and the log is to end or
    /// to go on in another file.
    private func awaitRoom() -> Bool {
        guard file.mayBlock else { return true }
        var hurried: Int32 = 0
        while !isStuck {
            var waiting = pollfd(fd: file.descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&waiting, 1, Self.lookMilliseconds) != 0 { return true }
            reportLosses(isLast: false)
            let isUrgent = requests.withLock { $0.isClosed || $0.nextFile != nil }
            hurried = isUrgent ? hurried + Self.lookMilliseconds : 0
            isStuck = hurried >= Self.patienceMilliseconds
        }
        return false
    }

    /// The file did not take the rest of a batch.
    private func refuse(from done: Int, _ bytes: Int, _ lines: UInt64, _ code: Int32) {
        let rest = UnsafeRawBufferPointer(rebasing: batch[done..<bytes])
        let count = rest.reduce(UInt64(0)) { $1 == 0x0a ? $0 + 1 : $0 }
        isTorn = done > 0 && batch[done - 1] != 0x0a || done == 0 && isTorn
        losses.errno = code
        refused.wrappingAdd(count, ordering: .relaxed)
        written.wrappingAdd(lines - count, ordering: .relaxed)
    }

    // MARK: Losses

    private var lost: UInt64 {
        queue.shared.pointee.lost.load(ordering: .relaxed) &+ refused.load(ordering: .relaxed)
    }

    private var hasLosses: Bool { lost > losses.reported }

    private func reportLosses(isLast: Bool) {
        let lost = lost
        guard let report, lost > losses.reported,
            isLast || ContinuousClock.now >= losses.nextReport
        else { return }
        var fields = [LogEntry.Field("lines", "\(lost - losses.reported)")]
        if losses.errno != 0 {
            fields.append(.init("errno", SystemError(code: losses.errno).name))
        }
        losses.errno = 0
        losses.reported = lost
        losses.nextReport = .now + .milliseconds(Self.reportMilliseconds)
        report(
            LogEntry(
                .warning, "lines of the access log were lost: the file did not take them in time",
                fields))
    }
}
