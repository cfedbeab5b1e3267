internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// The lock of the folder that a path is in, flock(2).
///
/// It keeps engines apart that look at the same socket file. The folder itself is locked, so that
/// no file is left behind for it.
struct FolderLock {
    /// How long another one may hold it: longer than an engine ever does. Any process that can read
    /// a folder can lock it, and must not keep an engine from starting, nor from ending.
    static let startPatienceMilliseconds: Int32 = 2_000
    static let endPatienceMilliseconds: Int32 = 200

    private var patienceMilliseconds: Int32

    init(patienceMilliseconds: Int32) { self.patienceMilliseconds = patienceMilliseconds }

    /// - Parameter body: called with the lock held, or with why it is not: a folder may be
    ///   unreadable, or its file system have no locks.
    mutating func hold<Value, Failure: Error>(
        folderOf path: String, _ body: (SystemError?) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var folder = "."
        if let end = path.lastIndex(of: "/") {
            folder = end == path.startIndex ? "/" : String(path[..<end])
        }
        let descriptor = pelmeni_folder_lock(folder, patienceMilliseconds)
        // One start, or end, waits once, however many files it has.
        if descriptor == -EWOULDBLOCK { patienceMilliseconds = 0 }
        defer { if descriptor >= 0 { pelmeni_folder_unlock(descriptor) } }
        return try body(descriptor < 0 ? SystemError(code: descriptor) : nil)
    }
}
