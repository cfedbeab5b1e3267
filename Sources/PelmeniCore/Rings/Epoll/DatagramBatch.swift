internal import CPelmeni
internal import Glibc

/// The datagrams of one recvmmsg(2), handed out one at a time.
struct DatagramBatch {
    private let blocks: UnsafeMutablePointer<BlockID>
    private let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let results: UnsafeMutablePointer<Int32>
    private var next = 0
    private var count = 0
    /// The room of the last call, in datagrams.
    private(set) var offered = 0
    /// The receive that the datagrams belong to.
    private(set) var token = Token(rawValue: 0)

    static var capacity: Int { Int(PELMENI_DATAGRAM_BATCH) }

    init() {
        blocks = .allocate(capacity: Self.capacity)
        addresses = .allocate(capacity: Self.capacity)
        results = .allocate(capacity: Self.capacity)
    }

    func destroy(pool: BufferPool) {
        for index in next..<count { pool.release(blocks[index]) }
        blocks.deallocate()
        addresses.deallocate()
        results.deallocate()
    }

    @inline(__always)
    var isEmpty: Bool { next == count }

    /// The next datagram: its block and its bytes.
    @inline(__always)
    mutating func take() -> (block: BlockID, bytes: Int32) {
        next &+= 1
        return (blocks[next &- 1], results[next &- 1])
    }

    /// Fills an empty batch with at most `most` datagrams of a socket. Their number, `-EAGAIN`,
    /// `-ENOBUFS`, or another -errno.
    @inline(__always)
    mutating func receive(
        _ socket: Int32, isUnix: Bool, most: Int, token: Token, pool: BufferPool
    ) -> Int {
        next = 0
        count = 0
        var taken = 0
        while taken < most {
            let block = pool.take(.datagram)
            guard !block.isNone else { break }
            blocks[taken] = block
            addresses[taken] = pool.address(block)
            taken &+= 1
        }
        offered = taken
        guard taken > 0 else { return -Int(ENOBUFS) }
        let came = Int(
            pelmeni_datagram_receive(
                socket, isUnix ? 1 : 0, addresses, Int32(taken), BlockClass.datagram.bytes, results)
        )
        // Last in, first out: unused blocks are taken next.
        var unused = taken
        while unused > max(0, came) {
            unused &-= 1
            pool.release(blocks[unused])
        }
        count = max(0, came)
        self.token = token
        return came
    }
}
