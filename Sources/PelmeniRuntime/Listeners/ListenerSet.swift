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
    package internal(set) var opened: [Opened] = []
    /// The real address of each pair.
    package internal(set) var addresses: [SocketAddress] = []
    var files: [SocketFile] = []
    var lock = FolderLock(patienceMilliseconds: FolderLock.startPatienceMilliseconds)
    let nonblocking: Bool
    let log: EngineLog
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
        noteBuffers(configuration)
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
        var address = try listenAddress(configuration, host, port, subject: subject)
        let group = try group(at: &address, configuration, subject: subject)
        // Each of several sockets would get every datagram.
        let isForMany = group != nil || isBroadcast(address)
        guard !isForMany || configuration.listensForDatagrams else {
            throw failed(
                subject, nil,
                "\(address.host) is an address of many hosts, and a stream has one peer")
        }
        let workers = isForMany ? Array(workers.prefix(1)) : workers
        let held = try holdPort(&address, configuration, subject: subject)
        defer { if held >= 0 { _ = pelmeni_socket_close(held) } }
        for (index, worker) in workers.enumerated() {
            let socket = try openSocket(
                &address, isFirst: index == 0, group: group, configuration: configuration,
                subject: subject)
            opened.append(Opened(worker: worker, pair: pair, socket: socket, isShared: false))
            if index == 0 {
                Self.readName(of: socket, into: &address)
                // A raw socket's is its protocol's number.
                if case .host = configuration.endpoint { address.setPort(0) }
                addresses.append(address)
            }
        }
    }

    private func listenAddress(
        _ configuration: PairConfiguration, _ host: String, _ port: UInt16, subject: String
    ) throws(EngineError) -> SocketAddress {
        let isIPv6Only = configuration.network.isIPv6Only
        if host.isEmpty {
            // Dual-stack, or IPv4 alone where IPv6 is off: the socket call shows which.
            let socket = pelmeni_socket_open(AF_INET6, 0)
            if socket >= 0 { _ = pelmeni_socket_close(socket) }
            return .any(port: port, v6: socket >= 0 || isIPv6Only)
        }
        if let address = SocketAddress(numeric: host, port: port) { return address }
        switch names[configuration.endpoint] {
        case .success(let found):
            if let first = found.first(where: { !isIPv6Only || $0.family == AF_INET6 }) {
                return first
            }
            throw EngineError(
                kind: .failed, side: .listener, subject: subject,
                reason: "the name has no \(isIPv6Only ? "IPv6 address" : "address")",
                remedy: isIPv6Only ? "name another host, or let the listener take IPv4 too" : "")
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
    static func bind(
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
        _ address: inout SocketAddress, isFirst: Bool, group: Group?,
        configuration: PairConfiguration, subject: String
    ) throws(EngineError) -> Int32 {
        let isDatagrams = configuration.listensForDatagrams
        let socket =
            isDatagrams
            ? DatagramOpening.open(
                address.family, configuration.hooks.listenerSocket, nonblocking: nonblocking)
            : pelmeni_socket_open(address.family, nonblocking ? 1 : 0)
        guard socket >= 0 else { throw failed(subject, socket, "no socket") }
        var error: Int32 = 0
        // A raw socket is of one family, and refuses the question (ipv6(7)).
        let isDual =
            address.family == AF_INET6
            && (!isDatagrams || configuration.hooks.listenerSocket.isStandard)
        let onlyV6: Int32 = isDual ? (configuration.network.isIPv6Only ? 1 : 0) : -1
        if isDatagrams {
            error = pelmeni_datagram_configure(
                socket, address.family, address.isAny ? 1 : 0, onlyV6)
            pelmeni_datagram_only_joined(socket, address.family)
            if error == 0 {
                error = DatagramOpening.prepare(
                    socket, family: address.family, options: configuration.datagramOptions)
            }
        } else {
            _ = SocketCalls.configure(
                socket, family: address.family, options: configuration.options.atOpening,
                onlyV6: onlyV6)
        }
        if !isFirst { error = pelmeni_socket_share_port(socket) }
        // Members of a group share its port: each of them gets every datagram.
        let reuses = !isDatagrams || group != nil
        if error == 0 { error = Self.bind(socket, &address, reuses: reuses) }
        if error == 0, let group {
            error = join(group, at: &address, with: socket)
            guard error == 0 else {
                _ = pelmeni_socket_close(socket)
                throw notJoined(subject, error)
            }
        } else if error == 0, isFirst {
            error = pelmeni_socket_share_port(socket)
        }
        if error == 0, !isDatagrams {
            error = pelmeni_socket_listen(socket, Int32(Limits.backlog))
        }
        guard error == 0 else {
            _ = pelmeni_socket_close(socket)
            throw failed(subject, error, "cannot listen")
        }
        return socket
    }

}
