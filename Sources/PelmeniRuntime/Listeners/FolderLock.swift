internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// The lock of a path's folder, flock(2).
///
/// The lock keeps engines apart that check the same socket file. The folder itself is locked, so
/// that no lock file is left behind.
struct FolderLock {
    /// How long an engine waits for the lock: longer than an engine ever holds it. Any process that
    /// can read a folder can lock it, and must keep no engine from starting or ending.
    static let startPatienceMilliseconds: Int32 = 2_000
    static let endPatienceMilliseconds: Int32 = 200

    private var patienceMilliseconds: Int32

    init(patienceMilliseconds: Int32) { self.patienceMilliseconds = patienceMilliseconds }

    /// - Parameter body: called with the lock held, or with the errno: a folder may be unreadable,
    ///   or its file system without locks.
    mutating func hold<Value, Failure: Error>(
        folderOf path: String, _ body: (SystemError?) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var folder = "."
        if let end = path.lastIndex(of: "/") {
            folder = end == path.startIndex ? "/" : String(path[..<end])
        }
        let descriptor = pelmeni_folder_lock(folder, patienceMilliseconds)
        // A start, or an end, waits once for all of its files.
        if descriptor == -EWOULDBLOCK { patienceMilliseconds = 0 }
        defer { if descriptor >= 0 { pelmeni_folder_unlock(descriptor) } }
        return try body(descriptor < 0 ? SystemError(code: descriptor) : nil)
    }
}
