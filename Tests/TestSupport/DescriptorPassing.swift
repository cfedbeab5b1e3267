import CPelmeni
import Glibc

/// Sends bytes together with a descriptor over a Unix socket (`SCM_RIGHTS`, unix(7)).
package enum DescriptorPassing {
    /// The bytes go whole, as one datagram or into a stream. The descriptor stays the caller's own.
    package static func send(_ bytes: [UInt8], with descriptor: Int32, over socket: Int32) throws {
        // A cmsghdr of 16 bytes, the descriptor, and padding to a multiple of 8.
        let (head, room) = (16, 24)
        let control = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 8)
        defer { control.deallocate() }
        control.initializeMemory(as: UInt8.self, repeating: 0, count: room)
        control.storeBytes(of: head + 4, as: Int.self)
        control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
        control.storeBytes(of: Int32(SCM_RIGHTS), toByteOffset: 12, as: Int32.self)
        control.storeBytes(of: descriptor, toByteOffset: head, as: Int32.self)
        var bytes = bytes
        let sent = bytes.withUnsafeMutableBytes { data in
            var piece = iovec(iov_base: data.baseAddress, iov_len: data.count)
            return withUnsafeMutablePointer(to: &piece) { piece in
                var message = msghdr()
                message.msg_iov = piece
                message.msg_iovlen = 1
                message.msg_control = control
                message.msg_controllen = room
                return sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
            }
        }
        guard sent == bytes.count else { throw WireError("send with a descriptor") }
    }

    /// Whether the last copy of a pipe's writing end is closed: passed ones are copies too.
    package static func isClosed(readingEnd: Int32, within milliseconds: Int32 = 30_000) -> Bool {
        var waiting = pollfd(fd: readingEnd, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, milliseconds) == 1 && waiting.revents & Int16(POLLHUP) != 0
    }
}

extension Wire {
    package func write(_ text: String, with descriptor: Int32) throws {
        try DescriptorPassing.send(Array(text.utf8), with: descriptor, over: socket)
    }
}
