internal import CPelmeni

/// Datagrams from one socket to different clients, gathered for one sendmmsg(2).
struct DatagramSends {
    private let rows: UnsafeMutablePointer<UnsafeMutablePointer<pelmeni_outgoing>?>
    private let tokens: UnsafeMutablePointer<Token>
    private(set) var count = 0
    private(set) var socket: Int32 = -1

    static var capacity: Int { Int(PELMENI_DATAGRAM_BATCH) }

    init() {
        rows = .allocate(capacity: Self.capacity)
        tokens = .allocate(capacity: Self.capacity)
    }

    func destroy() {
        rows.deallocate()
        tokens.deallocate()
    }

    /// Whether the batch takes another datagram of this socket.
    @inline(__always)
    func takes(_ socket: Int32) -> Bool {
        count == 0 || (count < Self.capacity && self.socket == socket)
    }

    @inline(__always)
    mutating func append(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token
    ) {
        self.socket = socket
        rows[count] = UnsafeMutableRawPointer(outgoing).assumingMemoryBound(
            to: pelmeni_outgoing.self)
        tokens[count] = token
        count &+= 1
    }

    @inline(__always)
    func token(_ index: Int) -> Token { tokens[index] }

    /// Sends the datagrams from `first` on. The number sent before the first failure, or -errno of
    /// the first datagram.
    @inline(__always)
    func send(from first: Int) -> Int {
        guard count &- first > 1 else { return sendOne(first) }
        return Int(pelmeni_datagram_send_many(socket, rows + first, Int32(count &- first)))
    }

    @inline(__always)
    private func sendOne(_ index: Int) -> Int {
        guard let row = rows[index] else { return 0 }
        let sent = Int(pelmeni_datagram_send(socket, row))
        return sent < 0 ? sent : 1
    }

    @inline(__always)
    mutating func clear() { count = 0 }
}
