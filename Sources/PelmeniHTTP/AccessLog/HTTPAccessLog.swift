public import Pelmeni
internal import Synchronization

/// A log with a line for each response, and for each request that was refused or cut off: see
/// ``HTTPServer/accessLog``. Several servers may share one.
///
/// Workers format lines into bounded memory, and a thread of the log writes them: no worker waits
/// for the file. Lines that find no room are lost, and counted in ``statistics``.
///
/// When the last reference is gone, waiting lines are written and the file is closed. A process
/// that ends at once calls ``flush(within:)`` before.
public final class HTTPAccessLog: Sendable {
    /// The form of a line.
    public enum Format: String, Sendable, CaseIterable {
        /// The time, the client, the request's first line in quotes, the status, and the rest as
        /// `name=value`.
        case text
        /// One JSON object a line.
        case json
    }

    /// Counts of lines since the start.
    public struct Statistics: Sendable, Equatable {
        /// Lines in the file.
        public var written: UInt64
        /// Lines without room in memory, and lines that the file did not take.
        public var lost: UInt64
        /// Lines that wait for the file.
        public var waiting: UInt64
    }

    /// The form of a line.
    public let format: Format
    private let path: String?
    private let writer: AccessWriter

    /// Opens a file for appending, and makes it if it does not exist. A FIFO has to have a reader.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - format: of its lines.
    ///   - report: called on the log's thread when lines were lost, at most every ten seconds.
    /// - Throws: an `EngineError` with the system's error.
    public init(
        path: String, format: Format = .text, report: (@Sendable (LogEntry) -> Void)? = nil
    ) throws(EngineError) {
        self.path = path
        self.format = format
        writer = AccessWriter(try AccessFile(path: path), report: report)
        try writer.start()
    }

    /// Writes to an open descriptor, which stays open: standard output, say.
    ///
    /// - Parameters:
    ///   - descriptor: of a file, a pipe, a socket or a terminal.
    ///   - format: of its lines.
    ///   - report: called on the log's thread when lines were lost, at most every ten seconds.
    /// - Throws: an `EngineError` when the system has no descriptor or thread left.
    public init(
        descriptor: Int32, format: Format = .text,
        report: (@Sendable (LogEntry) -> Void)? = nil
    ) throws(EngineError) {
        path = nil
        self.format = format
        writer = AccessWriter(AccessFile(descriptor: descriptor), report: report)
        try writer.start()
    }

    deinit { writer.close() }

    /// Opens the path anew, for logrotate: what was logged before goes to the file that was open,
    /// what is logged from now on to the new one. Nothing for a descriptor.
    ///
    /// - Throws: an `EngineError` with the system's error; the file that was open is kept.
    public func reopen() throws(EngineError) {
        guard let path else { return }
        writer.replaceFile(try AccessFile(path: path))
    }

    /// Waits until all lines of now are written, or given up; not for a reader that takes none.
    ///
    /// - Parameter time: the longest wait.
    /// - Returns: false when lines still wait.
    @discardableResult
    public func flush(within time: Duration = .seconds(1)) async -> Bool {
        let end = writer.queue.shared.pointee.head.load(ordering: .acquiring)
        let begun = ContinuousClock.now
        while writer.queue.shared.pointee.done.load(ordering: .acquiring) < end {
            guard ContinuousClock.now - begun < time else { return false }
            writer.queue.ring()
            try? await Task.sleep(for: .milliseconds(2))
        }
        return true
    }

    /// What was written and lost so far.
    public var statistics: Statistics { writer.statistics }

    func sink(to upstreams: [Endpoint]) -> AccessSink {
        AccessSink(writer.queue, isJSON: format == .json, upstreams: upstreams)
    }
}
