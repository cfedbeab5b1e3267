internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// The file of a Unix listener, which has to go when the engine ends.
///
/// The file itself is held open: its number cannot become another file's meanwhile, as that of an
/// engine that was started when this one had closed its listeners.
final class SocketFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Takes hold of the file that was just bound, and sets its mode: binding cuts that by the
    /// umask.
    ///
    /// - Parameter isLocked: the folder is locked since before, so that what stands there is what
    ///   was bound.
    /// - Throws: the errno; the file is gone then.
    init(path: String, mode: UInt16, isLocked: Bool) throws(SystemError) {
        self.path = path
        descriptor = pelmeni_file_hold(path)
        guard descriptor >= 0 else {
            // Out of descriptors, most likely.
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

    /// Whether it still stands at its path.
    var stands: Bool { pelmeni_file_is_same(descriptor, path) != 0 }

    /// Removes it, unless something else stands at its path by now.
    func remove(_ lock: inout FolderLock) { lock.hold(folderOf: path) { _ in removeInLock() } }

    /// The same, where the folder is locked already.
    func removeInLock() { if stands { unlink(path) } }
}
