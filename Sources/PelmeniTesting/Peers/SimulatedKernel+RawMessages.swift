internal import Glibc

// Messages of `raw` streams: each message is one read, and each read is one message.
extension SimulatedKernel {
    /// A message comes to an upstream's socket of datagrams from a client's stream.
    func rawCame(_ number: Int, _ bytes: UnsafeRawPointer, _ length: Int) {
        let socket = messages.sockets[number]
        let rows = clientRows[socket.pair]
        guard
            let client = take(
                rows, known: socket.client, inOrder: socket.isOrdered, bytes, length)
        else { return violate("flow \(number) has \(length) bytes that no client was read of") }
        if client >= 0 { messages.sockets[number].client = client }
    }

    /// A message comes to a client from an upstream's stream.
    func rawCame(toClient row: Int, _ bytes: UnsafeRawPointer, _ length: Int) {
        let client = messages.clients[row]
        let rows = upstreamRows[client.pair].filter {
            guard let sender = messages.streams[peers[$0].stream].sender else { return false }
            return sender == client.number
        }
        guard take(rows, known: nil, inOrder: false, bytes, length) != nil else {
            return violate(
                "client \(client.number) has \(length) bytes that are not of its streams")
        }
    }

    /// Finds the read that a message is, and marks it. The stream's number; -1 when the message may
    /// be of several streams; nil when it is of none.
    ///
    /// - Parameter known: the stream that it has to be of.
    private func take(
        _ rows: [Int], known: Int?, inOrder: Bool, _ bytes: UnsafeRawPointer, _ length: Int
    ) -> Int? {
        var found: [(stream: Int, window: Int)] = []
        for row in rows where known == nil || peers[row].number == known {
            let number = peers[row].stream
            let stream = messages.streams[number]
            let last = inOrder ? stream.windows.lastIndex(where: \.hasCome) ?? -1 : -1
            let window = stream.windows.indices.first {
                $0 > last && !stream.windows[$0].hasCome && stream.windows[$0].count == length
                    && Self.isEqual(stream.bytes, stream.windows[$0].start, bytes, length)
            }
            if let window { found.append((number, window)) }
        }
        guard let it = found.first else { return nil }
        guard found.count == 1 else { return -1 }
        messages.streams[it.stream].windows[it.window].hasCome = true
        return messages.streams[it.stream].number
    }

    private static func isEqual(
        _ all: [UInt8], _ start: Int, _ bytes: UnsafeRawPointer, _ length: Int
    ) -> Bool {
        all.withUnsafeBytes {
            guard let base = $0.baseAddress, start + length <= $0.count else { return false }
            return memcmp(base + start, bytes, length) == 0
        }
    }
}
