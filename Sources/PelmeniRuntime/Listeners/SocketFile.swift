internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// The file of a Unix listener, removed when the engine ends.
///
/// An open descriptor holds the file: its inode number cannot become that of another file, such as
/// an engine's that started after this one closed its listeners.
final class SocketFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Opens the file just bound, and sets its mode: bind(2) applies the umask.
    ///
    /// - Parameter isLocked: the folder has been locked since before the bind, so the file at the
    ///   path is the one bound.
    /// - Throws: the errno; the file is removed then.
    init(path: String, mode: UInt16, isLocked: Bool) throws(SystemError) {
        self.path = path
        descriptor = pelmeni_file_hold(path)
        guard descriptor >= 0 else {
            // Most likely the process is out of descriptors.
            if isLocked { unlink(path) }
            throw SystemError(code: descriptor)
        }
        guard pelmeni_file_is_socket(descriptor) != 0 else { throw SystemError(code: EADDRINUSE) }
        let error = pelmeni_file_mode(descriptor, UInt32(mode))
        guard error == 0 else {
            removeInLock()
            throw SystemError(code: error)
        }
    }

    deinit { if descriptor >= 0 { _ = pelmeni_socket_close(descriptor) } }

    /// Whether the file is still at its path.
    var stands: Bool { pelmeni_file_is_same(descriptor, path) != 0 }

    /// Removes the file, unless another one is at its path by now.
    func remove(_ lock: inout FolderLock) { lock.hold(folderOf: path) { _ in removeInLock() } }

    /// The same, with the folder locked already.
    func removeInLock() { if stands { unlink(path) } }
}
