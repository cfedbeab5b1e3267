internal import Glibc
internal import Pelmeni

/// The descriptor that an access log writes to.
struct AccessFile: Sendable {
    let descriptor: Int32
    private let isOwned: Bool
    /// A pipe, a socket or a terminal: it may be full.
    let mayBlock: Bool

    /// The bytes that poll(2) promises of a pipe: PIPE_BUF.
    static let pipeBytes = 4_096

    init(path: String) throws(EngineError) {
        // Not blocking: the open of a FIFO waits for its reader otherwise.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
        var found: Int32
        repeat {
            found = open(path, flags, 0o640)
        } while found < 0 && errno == EINTR
        guard found >= 0 else {
            throw EngineError(
                kind: .failed, side: .engine, subject: "access log \"\(path)\"",
                errno: SystemError(code: errno), reason: "the file cannot be opened",
                remedy: "give the path of a file that this process may write")
        }
        self.init(descriptor: found, isOwned: true)
    }

    init(descriptor: Int32) { self.init(descriptor: descriptor, isOwned: false) }

    private init(descriptor: Int32, isOwned: Bool) {
        self.descriptor = descriptor
        self.isOwned = isOwned
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        mayBlock = !isKnown || status.st_mode & S_IFMT != S_IFREG
    }

    func close() {
        if isOwned { _ = Glibc.close(descriptor) }
    }
}
