internal import CPelmeni
internal import Glibc

// Operations of streams and listeners: noted, and tried once the socket is ready.
extension EpollRing {
    package mutating func accept(_ listener: Int32, multishot: Bool, token: Token) {
        let row = rows + Int(token.index)
        row.pointee.flags.insert(.accepting)
        if row.pointee.flags.contains(.unpolled) { attachAgain(token) }
        if multishot {
            row.pointee.flags.insert(.multishot)
        } else {
            row.pointee.flags.remove(.multishot)
        }
        if row.pointee.flags.contains(.readable) { queue(token.index) }
    }

    package mutating func connect(
        _ socket: Int32, to address: UnsafePointer<SocketAddress>, token: Token
    ) {
        let error = pelmeni_socket_connect(socket, address, socklen_t(address.pointee.length))
        let pending = error == -EINPROGRESS
        // Added after the call: an unconnected socket would report a hang-up at once.
        let added = attach(
            socket, token: token, isShared: false, isUnix: address.pointee.family == AF_UNIX)
        guard added == 0 else { return push(token, added) }
        if pending {
            (rows + Int(token.index)).pointee.flags.remove(.writable)
            (rows + Int(token.index)).pointee.flags.insert(.connecting)
        } else {
            push(token, error)
        }
    }

    @inline(__always)
    package mutating func receive(
        _ socket: Int32, blockClass: BlockClass, limit: Int, isUnix: Bool, expectsBytes: Bool,
        token: Token
    ) {
        let row = rows + Int(token.index)
        row.pointee.limit = Int32(clamping: limit)
        row.pointee.flags.insert(.receiving)
        if blockClass == .bulk {
            row.pointee.flags.insert(.bulk)
        } else {
            row.pointee.flags.remove(.bulk)
        }
        if row.pointee.flags.contains(.held) { hold(token.index, false) }
        if row.pointee.flags.contains(.readable) { queue(token.index) }
    }

    package mutating func wake(_ event: Int32, token: Token) {
        (rows + Int(token.index)).pointee.flags.insert(.waking)
        if rows[Int(token.index)].flags.contains(.readable) { queue(token.index) }
    }

    package mutating func cancel(_ target: Token) {
        let row = rows + Int(target.index)
        guard row.pointee.generation == target.generation else { return }
        let flag: Readiness.Flags
        switch target.kind {
        case .accept: flag = .accepting
        case .connect: flag = .connecting
        case .receive, .receiveDatagrams: flag = .receiving
        case .awaitReadable: flag = [.receiving, .awaitsBytes]
        case .send:
            if row.pointee.flags.contains(.batched) { sendBatch() }
            flag = .sending
        case .wake: flag = .waking
        // `sendDatagrams` and `awaitWritable` are cancelled by calls of their own.
        case .unused, .cancel, .sendDatagrams, .awaitWritable: return
        }
        guard row.pointee.flags.contains(flag) else { return }
        row.pointee.flags.remove(flag)
        push(target, -ECANCELED)
    }
}
