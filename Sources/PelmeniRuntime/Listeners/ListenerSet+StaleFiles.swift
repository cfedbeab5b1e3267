internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Files of sockets that nobody listens on any more.
extension ListenerSet {
    /// Removes a socket file without a listener. Never anything that is not a socket.
    func removeStale(
        _ path: String, _ address: inout SocketAddress, isDatagrams: Bool
    ) -> Bool {
        let file = pelmeni_file_hold(path)
        guard file >= 0 else { return false }
        defer { _ = pelmeni_socket_close(file) }
        guard pelmeni_file_is_socket(file) != 0 else { return false }
        let probe =
            isDatagrams ? pelmeni_datagram_open(AF_UNIX, 1) : pelmeni_socket_open(AF_UNIX, 1)
        guard probe >= 0 else { return false }
        defer { _ = pelmeni_socket_close(probe) }
        let answer = pelmeni_socket_connect(probe, &address.storage, socklen_t(address.length))
        // A new file at the path is not the stale one.
        return answer == -ECONNREFUSED && pelmeni_file_is_same(file, path) != 0
            && unlink(path) == 0
    }

    func isSocket(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
