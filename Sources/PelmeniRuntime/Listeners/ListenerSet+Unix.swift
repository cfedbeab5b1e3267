internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Unix sockets: at a path, or under an abstract name.
extension ListenerSet {
    func open(_ family: Int32, isDatagrams: Bool) -> Int32 {
        isDatagrams
            ? pelmeni_datagram_open(family, nonblocking ? 1 : 0)
            : pelmeni_socket_open(family, nonblocking ? 1 : 0)
    }

    mutating func openUnix(
        _ path: String, configuration: PairConfiguration, pair: Int, workers: [Int]
    ) throws(EngineError) {
        guard var address = SocketAddress(path: path) else {
            throw EngineError(
                kind: .usage, side: .listener, subject: path,
                reason: "a socket path has 1 to 107 bytes", remedy: "use a shorter path")
        }
        let isDatagrams = configuration.listensForDatagrams
        let socket = open(AF_UNIX, isDatagrams: isDatagrams)
        guard socket >= 0 else { throw failed(path, socket, "no socket") }
        guard !configuration.endpoint.isAbstract else {
            return try takeAbstract(
                path, &address, socket: socket, configuration: configuration, pair: pair,
                workers: workers)
        }
        do throws(EngineError) {
            var lock = lock
            defer { self.lock = lock }
            let file = try lock.hold(folderOf: path) {
                (refusal: SystemError?) throws(EngineError) in
                if let refusal {
                    // No descriptor for the folder means none for the file either.
                    guard refusal.code != EMFILE, refusal.code != ENFILE else {
                        throw failed(path, refusal.code, "cannot listen")
                    }
                    log(
                        .debug, "the socket's folder cannot be locked",
                        [.init("path", path), .init("errno", refusal.name)])
                }
                return try take(
                    path, &address, socket: socket, configuration: configuration,
                    isLocked: refusal == nil)
            }
            files.append(file)
        } catch {
            _ = pelmeni_socket_close(socket)
            throw error
        }
        addresses.append(address)
        try share(socket, configuration: configuration, pair: pair, workers: workers)
    }

    /// Binds and listens under an abstract name, which has no file: no folder, no mode.
    private mutating func takeAbstract(
        _ name: String, _ address: inout SocketAddress, socket: Int32,
        configuration: PairConfiguration, pair: Int, workers: [Int]
    ) throws(EngineError) {
        var error = Self.bind(socket, &address, reuses: false)
        if error == 0, !configuration.listensForDatagrams {
            error = pelmeni_socket_listen(socket, Int32(Limits.backlog))
        }
        guard error == 0 else {
            _ = pelmeni_socket_close(socket)
            throw failed(name, error, "cannot listen")
        }
        addresses.append(address)
        try share(socket, configuration: configuration, pair: pair, workers: workers)
    }

    /// Binds and listens. The folder is locked from the check of the path until the socket listens:
    /// before that, another starting engine would take the new file for a stale one and remove it.
    private func take(
        _ path: String, _ address: inout SocketAddress, socket: Int32,
        configuration: PairConfiguration,
        isLocked: Bool
    ) throws(EngineError) -> SocketFile {
        let isDatagrams = configuration.listensForDatagrams
        // Binding gives the file the socket's mode, so it is never open to more users than it
        // should be.
        _ = fchmod(socket, mode_t(configuration.mode))
        var error = pelmeni_socket_bind(socket, &address.storage, socklen_t(address.length), 0)
        if error == -EADDRINUSE, removeStale(path, &address, isDatagrams: isDatagrams) {
            error = pelmeni_socket_bind(socket, &address.storage, socklen_t(address.length), 0)
        }
        if error == -EADDRINUSE, !isSocket(path) {
            throw EngineError(
                kind: .failed, side: .listener, subject: path, errno: SystemError(code: EADDRINUSE),
                reason: "cannot listen",
                remedy: "what stands there is not a socket; it is left alone")
        }
        guard error == 0 else { throw failed(path, error, "cannot listen") }
        let file: SocketFile
        do throws(SystemError) {
            file = try SocketFile(path: path, mode: configuration.mode, isLocked: isLocked)
        } catch {
            throw failed(path, error.code, "cannot listen")
        }
        if !isDatagrams { error = pelmeni_socket_listen(socket, Int32(Limits.backlog)) }
        // Without the lock, another process may have removed the file meanwhile.
        if error == 0, !file.stands { error = -EADDRINUSE }
        guard error == 0 else {
            file.removeInLock()
            throw failed(path, error, "cannot listen")
        }
        return file
    }

    /// One descriptor of the socket for each worker.
    private mutating func share(
        _ socket: Int32, configuration: PairConfiguration, pair: Int, workers: [Int]
    ) throws(EngineError) {
        let isShared = workers.count > 1
        for (index, worker) in workers.enumerated() {
            let own = index == 0 ? socket : fcntl(socket, F_DUPFD_CLOEXEC, 3)
            guard own >= 0 else {
                throw failed(configuration.endpoint.description, -Glibc.errno, "no descriptor")
            }
            opened.append(Opened(worker: worker, pair: pair, socket: own, isShared: isShared))
        }
    }
}
