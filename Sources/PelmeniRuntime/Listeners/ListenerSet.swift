internal import CPelmeni
internal import Glibc
package import PelmeniCore

/// The listening sockets of all pairs, opened before any worker starts.
///
/// A TCP pair has one socket for each of its workers (SO_REUSEPORT), a Unix pair one descriptor
/// each of the same socket. The first TCP socket is bound without SO_REUSEPORT and gets the option
/// afterwards, so that a second process cannot silently take half of the connections.
package struct ListenerSet: ~Copyable {
    /// A socket for one worker.
    package struct Opened: Sendable {
        package var worker: Int
        package var pair: Int
        package var socket: Int32
        package var isShared: Bool
    }

    /// Sockets that no worker has taken over yet.
    package private(set) var opened: [Opened] = []
    /// The real address of each pair.
    package private(set) var addresses: [SocketAddress] = []
    private var files: [SocketFile] = []
    private var lock = FolderLock(patienceMilliseconds: FolderLock.startPatienceMilliseconds)
    private let nonblocking: Bool
    private let log: EngineLog
    /// The listeners' names, resolved before any socket is opened.
    private let names: [Endpoint: Result<[SocketAddress], Resolver.Failure>]

    package init(
        nonblocking: Bool, names: [Endpoint: Result<[SocketAddress], Resolver.Failure>] = [:],
        log: EngineLog
    ) {
        self.nonblocking = nonblocking
        self.log = log
        self.names = names
    }

    deinit {
        for socket in opened { _ = pelmeni_socket_close(socket.socket) }
        var lock = FolderLock(patienceMilliseconds: FolderLock.endPatienceMilliseconds)
        for file in files { file.remove(&lock) }
    }

    /// Opens a pair's sockets, one for each worker.
    package mutating func open(_ configuration: PairConfiguration, pair: Int, workers: [Int])
        throws(EngineError)
    {
        switch configuration.endpoint {
        case .tcp(let host, let port), .udp(let host, let port), .http(let host, let port):
            try openPort(host, port, configuration: configuration, pair: pair, workers: workers)
        case .host(let host, _):
            // Each socket gets every datagram: one worker serves all clients. A raw socket is of
            // one family.
            try openPort(
                host.isEmpty ? "0.0.0.0" : host, 0, configuration: configuration, pair: pair,
                workers: Array(workers.prefix(1)))
        case .unix(let path):
            try openUnix(path, configuration: configuration, pair: pair, workers: workers)
        case .unixDatagram(let path):
            // One worker serves all clients: a worker knows only its own sessions.
            try openUnix(
                path, configuration: configuration, pair: pair, workers: Array(workers.prefix(1)))
        }
    }

    /// Hands a worker its sockets, which the worker closes from now on.
    package mutating func take(worker: Int) -> [Opened] {
        let taken = opened.filter { $0.worker == worker }
        opened.removeAll { $0.worker == worker }
        return taken
    }

    /// Removes this engine's own socket files.
    package mutating func removeFiles() {
        var lock = FolderLock(patienceMilliseconds: FolderLock.endPatienceMilliseconds)
        for file in files { file.remove(&lock) }
        files = []
    }

    // MARK: Ports

    private mutating func openPort(
        _ host: String, _ port: UInt16, configuration: PairConfiguration, pair: Int, workers: [Int]
    ) throws(EngineError) {
        let subject = configuration.endpoint.description
        var address = try listenAddress(configuration.endpoint, host, port, subject: subject)
        for (index, worker) in workers.enumerated() {
            let socket = try openSocket(
                &address, isFirst: index == 0, configuration: configuration, subject: subject)
            opened.append(Opened(worker: worker, pair: pair, socket: socket, isShared: false))
            if index == 0 {
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                _ = pelmeni_socket_name(socket, &address.storage, &length)
                address.length = length
                // A raw socket's is its protocol's number.
                if case .host = configuration.endpoint { address.setPort(0) }
                addresses.append(address)
            }
        }
    }

    private func listenAddress(
        _ endpoint: Endpoint, _ host: String, _ port: UInt16, subject: String
    ) throws(EngineError) -> SocketAddress {
        if host.isEmpty {
            // Dual-stack, or IPv4 alone where IPv6 is off: the socket call shows which.
            let socket = pelmeni_socket_open(AF_INET6, 0)
            if socket >= 0 { _ = pelmeni_socket_close(socket) }
            return .any(port: port, v6: socket >= 0)
        }
        if let address = SocketAddress(numeric: host, port: port) { return address }
        switch names[endpoint] {
        case .success(let found):
            if let first = found.first { return first }
            throw failed(subject, nil, "the name has no address")
        case nil: throw failed(subject, nil, "the name was not looked up")
        case .failure(let failure):
            throw EngineError(
                kind: .failed, side: .listener, subject: subject, reason: failure.reason,
                remedy: "listen on an address of this machine, or on all with an empty host")
        }
    }

    /// As `bind`, with retries: a killed process's ring releases its listeners a moment after the
    /// process is gone, and a restart must not fail for that.
    ///
    /// - Parameter reuses: SO_REUSEADDR. For TCP it ignores lingering connections; on UDP it would
    ///   let a second process bind the same port.
    private static func bind(
        _ socket: Int32, _ address: inout SocketAddress, reuses: Bool
    ) -> Int32 {
        var error: Int32 = 0
        for attempt in 0..<25 {
            if attempt > 0 { usleep(20_000) }
            error = pelmeni_socket_bind(
                socket, &address.storage, socklen_t(address.length), reuses ? 1 : 0)
            guard error == -EADDRINUSE else { break }
        }
        return error
    }

    private func openSocket(
        _ address: inout SocketAddress, isFirst: Bool, configuration: PairConfiguration,
        subject: String
    ) throws(EngineError) -> Int32 {
        let isDatagrams = configuration.listensForDatagrams
        let socket =
            isDatagrams
            ? DatagramOpening.open(
                address.family, configuration.hooks.listenerSocket, nonblocking: nonblocking)
            : pelmeni_socket_open(address.family, nonblocking ? 1 : 0)
        guard socket >= 0 else { throw failed(subject, socket, "no socket") }
        var error: Int32 = 0
        if isDatagrams {
            // A raw socket is of one family, and refuses the question (ipv6(7)).
            let isDual =
                address.family == AF_INET6 && configuration.hooks.listenerSocket.isStandard
            error = pelmeni_datagram_configure(
                socket, address.family, address.isAny ? 1 : 0, isDual ? 0 : -1)
            widen(socket, configuration.receiveBuffer, subject: subject, isFirst: isFirst)
        } else {
            _ = SocketCalls.configure(
                socket, family: address.family, options: configuration.options.atOpening,
                onlyV6: address.family == AF_INET6 ? 0 : -1)
        }
        if !isFirst { error = pelmeni_socket_share_port(socket) }
        if error == 0 { error = Self.bind(socket, &address, reuses: !isDatagrams) }
        if error == 0, isFirst { error = pelmeni_socket_share_port(socket) }
        if error == 0, !isDatagrams {
            error = pelmeni_socket_listen(socket, Int32(Limits.backlog))
        }
        guard error == 0 else {
            _ = pelmeni_socket_close(socket)
            throw failed(subject, error, "cannot listen")
        }
        return socket
    }

    /// The kernel caps the buffer silently.
    private func widen(_ socket: Int32, _ buffer: ReceiveBuffer, subject: String, isFirst: Bool) {
        pelmeni_datagram_widen(socket, buffer.bytes, buffer.isForced ? 1 : 0)
        let granted = pelmeni_datagram_room(socket)
        guard isFirst, buffer.isForced, granted < buffer.bytes else { return }
        log(
            .warning, "the kernel grants a smaller receive buffer",
            [
                .init("pair", subject), .init("asked", "\(buffer.bytes)"),
                .init("granted", "\(granted)"), .init("remedy", "raise net.core.rmem_max"),
            ])
    }

    private func open(_ family: Int32, isDatagrams: Bool) -> Int32 {
        isDatagrams
            ? pelmeni_datagram_open(family, nonblocking ? 1 : 0)
            : pelmeni_socket_open(family, nonblocking ? 1 : 0)
    }

    // MARK: Unix

    private mutating func openUnix(
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
