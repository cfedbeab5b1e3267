import CPelmeni
import Glibc

/// Many connections on one thread, with every byte of each checked at its place.
///
/// Each member sends the stream of its key up to its limit, and expects the same stream back. Only
/// one thread at a time may use it.
package final class Crowd: @unchecked Sendable {
    /// One connection.
    package struct Member {
        package let key: Int
        var socket: Int32
        package fileprivate(set) var isConnected = false
        package fileprivate(set) var sent = 0
        package fileprivate(set) var received = 0
        /// Bytes that it may send so far.
        package var maySend = 0
        /// Sends its end after this many bytes.
        package var endsAfter = Int.max
        package var isReading = true
        /// Sends one byte, its key's lowest, instead of the stream.
        package var asks = false
        package fileprivate(set) var hasAsked = false
        fileprivate var hasFinished = false
        /// The end of the stream: 0 in order, otherwise the error.
        package fileprivate(set) var ending: Int32?
        package fileprivate(set) var wrongAt: Int?

        package var isOpen: Bool { ending == nil && socket >= 0 }
    }

    package private(set) var members: [Member] = []
    private let pattern: Pattern
    private var polled: [pollfd] = []
    private var room = [UInt8](repeating: 0, count: 1 << 17)

    package init(pattern: Pattern = .shared) { self.pattern = pattern }

    deinit { for member in members where member.socket >= 0 { Glibc.close(member.socket) } }

    package subscript(index: Int) -> Member {
        get { members[index] }
        set { members[index] = newValue }
    }

    package func change(_ change: (inout Member) -> Void) {
        for index in members.indices { change(&members[index]) }
    }

    /// Begins connections; ``run`` reports them when they are open.
    ///
    /// - Parameter receiveBuffer: bytes that the kernel holds for a member that does not read; nil
    ///   lets it grow. A thousand such buffers would use up the memory of the whole machine's TCP
    ///   (`tcp_mem`), which then drops segments of every other connection.
    package func connect(
        _ count: Int, to name: SocketName, firstKey: Int = 0, receiveBuffer: Int32? = nil
    ) throws {
        for number in 0..<count {
            let socket = try name.newSocket()
            var on: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
            if var bytes = receiveBuffer { setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, 4) }
            name.beginConnect(socket)
            members.append(Member(key: firstKey + number, socket: socket))
            polled.append(pollfd(fd: socket, events: 0, revents: 0))
        }
    }

    package func close(_ index: Int, reset: Bool = false) {
        guard members[index].socket >= 0 else { return }
        if reset {
            _ = pelmeni_socket_close_reset(members[index].socket)
        } else {
            _ = Glibc.close(members[index].socket)
        }
        members[index].socket = -1
        polled[index].fd = -1
    }

    /// Moves bytes until it is done.
    ///
    /// - Parameter progressed: called with each member that received bytes, which it may change.
    package func run(
        _ what: String, within: Duration = Patience.usual,
        progressed: (Int) -> Void = { _ in }, until isDone: ([Member]) -> Bool
    ) throws {
        let patience = Patience(within)
        while !isDone(members) {
            if patience.isOver {
                throw patience.failure("\(what); \(summary)")
            }
            for index in members.indices { polled[index].events = events(members[index]) }
            let count = poll(&polled, nfds_t(polled.count), min(20, patience.milliseconds))
            guard count > 0 else { continue }
            for index in members.indices where polled[index].revents != 0 {
                serve(index, Int32(polled[index].revents))
                if polled[index].revents & Int16(POLLIN) != 0 { progressed(index) }
            }
            if let wrong = members.first(where: { $0.wrongAt != nil }) {
                throw Overdue(
                    description: "a wrong byte; \(Self.text(wrong)); seed \(pattern.seed)")
            }
        }
    }

    /// The state for a failure's message.
    package var summary: String {
        let ended = members.count { $0.ending != nil }
        let connected = members.count { $0.isConnected }
        let worst = members.min { $0.received < $1.received }.map(Self.text) ?? ""
        return "\(members.count) members, \(connected) connected, \(ended) ended; least: \(worst); "
            + "seed \(pattern.seed)"
    }

    private static func text(_ member: Member) -> String {
        "key \(member.key): sent \(member.sent), received \(member.received), may "
            + "\(member.maySend), wrong at \(member.wrongAt ?? -1), ending \(member.ending ?? -1)"
    }

    private func events(_ member: Member) -> Int16 {
        guard member.socket >= 0, member.ending == nil else { return 0 }
        var events: Int32 = member.isReading ? POLLIN : 0
        let hasMore = member.sent < min(member.maySend, member.endsAfter)
        let mayFinish = member.sent >= member.endsAfter && !member.hasFinished
        let mustAsk = member.asks && !member.hasAsked
        if !member.isConnected || hasMore || mayFinish || mustAsk { events |= POLLOUT }
        return Int16(events)
    }

    private func serve(_ index: Int, _ events: Int32) {
        if !members[index].isConnected {
            let error = pelmeni_socket_error(members[index].socket)
            guard error == 0 else { return end(index, -error) }
            if events & POLLOUT != 0 { members[index].isConnected = true }
        }
        if events & POLLOUT != 0 { write(index) }
        if members[index].isReading {
            if events & (POLLIN | POLLHUP | POLLERR) != 0 { read(index) }
        } else if events & POLLERR != 0 {
            end(index, ECONNRESET)
        }
    }

    private func write(_ index: Int) {
        let member = members[index]
        if member.asks, !member.hasAsked {
            let key = [UInt8(member.key & 0xff)]
            members[index].hasAsked = send(member.socket, key, 1, Int32(MSG_NOSIGNAL)) == 1
            return
        }
        let left = min(member.maySend, member.endsAfter) - member.sent
        if left > 0 {
            let piece = pattern.piece(key: member.key, at: member.sent, count: min(left, 1 << 16))
            let count = piece.withUnsafeBytes {
                send(member.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { members[index].sent += count }
            if count < 0, errno != EAGAIN { return end(index, errno) }
        }
        if members[index].sent >= member.endsAfter, !member.hasFinished {
            members[index].hasFinished = true
            shutdown(member.socket, Int32(SHUT_WR))
        }
    }

    private func read(_ index: Int) {
        let member = members[index]
        let count = recv(member.socket, &room, room.count, 0)
        if count < 0 {
            if errno != EAGAIN { end(index, errno) }
            return
        }
        guard count > 0 else { return end(index, 0) }
        room.withUnsafeBytes { bytes in
            let received = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            members[index].wrongAt = pattern.firstWrong(
                received, key: member.asks ? member.key & 0xff : member.key, at: member.received)
        }
        members[index].received += count
    }

    private func end(_ index: Int, _ error: Int32) {
        members[index].ending = error
        polled[index].fd = -1
    }
}

extension Crowd {
    /// Sends each member's first byte to a ``CrowdOrigin`` that answers with the stream of that
    /// key.
    package func request() throws {
        change { $0.asks = true }
        try run("all have asked") { $0.allSatisfy { $0.hasAsked } }
    }
}
