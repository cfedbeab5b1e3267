internal import CPelmeni

/// The lock of the folder that a path is in, flock(2).
///
/// It keeps engines apart that look at the same socket file. The folder itself is locked, so that no file is
/// left behind for it.
enum FolderLock {
    /// How long another one may hold it: longer than an engine ever does. Whoever can read a folder can lock it,
    /// and must not keep an engine from starting.
    private static let patienceMilliseconds: Int32 = 2_000

    /// - Parameter body: called with the lock held, or with why it is not: a folder may be unreadable, or its file
    ///   system have no locks.
    static func hold<Value, Failure: Error>(
        folderOf path: String, _ body: (Errno?) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var folder = "."
        if let end = path.lastIndex(of: "/") {
            folder = end == path.startIndex ? "/" : String(path[..<end])
        }
        let descriptor = pelmeni_folder_lock(folder, patienceMilliseconds)
        defer { if descriptor >= 0 { _ = pelmeni_socket_close(descriptor) } }
        return try body(descriptor < 0 ? Errno(code: descriptor) : nil)
    }
}
