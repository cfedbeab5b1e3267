internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The datagrams that an origin receives with one call, and their answers, sent with one call.
struct OriginBlocks: ~Copyable {
    static let batch = Int(PELMENI_DATAGRAM_BATCH)
    private static let payload = Int(PELMENI_DATAGRAM_PAYLOAD)
    private static let name = Int(PELMENI_DATAGRAM_NAME)
    /// Room for the longest datagram, or train, and the bytes before it.
    private static let bytes = 66 << 10

    private let memory: UnsafeMutableRawPointer
    private let blocks: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let counts: UnsafeMutablePointer<Int32>
    private let answers: UnsafeMutablePointer<pelmeni_outgoing>
    private let queue: UnsafeMutablePointer<UnsafeMutablePointer<pelmeni_outgoing>?>
    private var queued = 0

    init() {
        memory = .allocate(byteCount: Self.batch * Self.bytes, alignment: 4096)
        blocks = .allocate(capacity: Self.batch)
        counts = .allocate(capacity: Self.batch)
        counts.initialize(repeating: 0, count: Self.batch)
        answers = .allocate(capacity: Self.batch)
        answers.initialize(repeating: pelmeni_outgoing(), count: Self.batch)
        queue = .allocate(capacity: Self.batch)
        for index in 0..<Self.batch {
            (blocks + index).initialize(to: memory + index * Self.bytes)
            (queue + index).initialize(to: answers + index)
        }
    }

    deinit {
        memory.deallocate()
        blocks.deallocate()
        counts.deallocate()
        answers.deallocate()
        queue.deallocate()
    }

    /// - Returns: the number of filled blocks, or a negative errno.
    func receive(_ socket: Int32) -> Int {
        Int(
            pelmeni_datagram_receive(
                socket, 0, blocks, Int32(Self.batch), Self.bytes, counts))
    }

    private func block(_ index: Int) -> UnsafeMutableRawPointer { memory + index * Self.bytes }

    func data(_ index: Int) -> UnsafeMutableRawPointer { block(index) + Self.payload }

    func count(_ index: Int) -> Int { Int(counts[index]) }

    /// Bytes of each datagram but the last one.
    func segment(_ index: Int) -> Int {
        let segment = Int(pelmeni_datagram_read(block(index), 0).segment)
        return segment > 0 ? segment : max(1, count(index))
    }

    /// The sender's port, over IPv4.
    func port(_ index: Int) -> UInt16 {
        UInt16(
            bigEndian: (block(index) + Self.name).load(
                fromByteOffset: MemoryLayout<sa_family_t>.size, as: UInt16.self))
    }

    /// Queues an answer to a block's sender. The bytes have to stay until ``flush(_:)``.
    mutating func answer(_ index: Int, _ bytes: UnsafeMutableRawPointer, count: Int) {
        let head = block(index).load(as: pelmeni_datagram_head.self)
        pelmeni_outgoing_set(
            answers + queued, bytes, count, 0, block(index) + Self.name, head.name_length, nil)
        queued += 1
    }

    /// - Returns: the number of answers that could not be sent.
    mutating func flush(_ socket: Int32) -> Int {
        var at = 0
        var failed = 0
        while at < queued {
            let sent = pelmeni_datagram_send_many(socket, queue + at, Int32(queued - at))
            if sent <= 0 { failed += 1 }
            at += max(1, Int(sent))
        }
        queued = 0
        return failed
    }
}
