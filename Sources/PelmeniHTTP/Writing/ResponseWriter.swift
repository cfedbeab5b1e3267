/// Writes the head of a response for the client.
struct ResponseWriter {
    /// What becomes of the client's connection, as far as the client has to be told.
    enum Connection {
        /// HTTP/1.1 keeps it without a word.
        case silent
        case close
        /// HTTP/1.0 asked for it.
        case keepAlive
        /// 101.
        case upgrade
    }

    static func room(_ head: ResponseHead) -> Int { head.end + HeadRoom.own }

    static func write(
        _ head: ResponseHead, _ octets: Octets, isChunked: Bool, _ connection: Connection,
        into memory: UnsafeMutableRawBufferPointer
    ) -> Int {
        var writer = HeadWriter(memory)
        writer.write("HTTP/1.1 ")
        writer.write(UInt64(head.status))
        writer.write(" ")
        writer.write(octets, head.reason)
        writer.write("\r\n")
        writer.writeFields(
            octets, from: head.fieldsStart, to: head.end &- 2, head.facts)
        if isChunked { writer.write("Transfer-Encoding: chunked\r\n") }
        switch connection {
        case .silent: break
        case .close: writer.write("Connection: close\r\n")
        case .keepAlive: writer.write("Connection: keep-alive\r\n")
        case .upgrade:
            if !head.facts.marks.contains(.plainUpgrade) {
                writer.write("Upgrade: websocket\r\n")
            }
            writer.write("Connection: Upgrade\r\n")
        }
        writer.write("\r\n")
        return writer.count
    }
}
