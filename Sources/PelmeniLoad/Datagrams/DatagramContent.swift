internal import Glibc

/// The bytes behind the heads of a run's datagrams. They are cut from one stream at a place that
/// differs from datagram to datagram: one copy makes them and one comparison checks them, so the
/// load stays cheap, and the tail of another datagram does not fit.
struct DatagramContent: ~Copyable {
    /// The largest payload of a datagram over IPv4.
    static let most = 65_507
    private static let places: UInt64 = 512

    let number: UInt64
    private let stream: UnsafeMutableRawPointer

    init(number: UInt64) {
        self.number = number
        let bytes = Self.most + 8 * Int(Self.places)
        stream = .allocate(byteCount: bytes, alignment: 64)
        Pattern.fill(stream, count: bytes, seed: Pattern.seed(number), position: 0)
    }

    deinit { stream.deallocate() }

    @inline(__always)
    private func content(_ head: DatagramHead) -> UnsafeMutableRawPointer {
        // Neighbours in a train, and the same place in two clients' trains, are far apart.
        let place = Pattern.seed(head.sequence ^ UInt64(head.client) << 40) % Self.places
        return stream + Int(place) * 8
    }

    /// Writes a whole datagram; its length is at least a head's.
    func make(_ bytes: UnsafeMutableRawPointer, _ head: DatagramHead) {
        head.write(bytes)
        (bytes + DatagramHead.bytes).copyMemory(
            from: content(head), byteCount: Int(head.length) - DatagramHead.bytes)
    }

    /// Whether a datagram is one whole datagram of this run.
    func check(_ bytes: UnsafeRawPointer, count: Int) -> DatagramFinding {
        guard count >= DatagramHead.bytes else { return .bad(.wrongLength) }
        guard let head = DatagramHead(reading: bytes), head.number == number else {
            return .bad(.wrongByte)
        }
        guard Int(head.length) == count, count <= Self.most else { return .bad(.wrongLength) }
        let rest = count - DatagramHead.bytes
        guard memcmp(bytes + DatagramHead.bytes, content(head), rest) == 0 else {
            return .bad(.wrongByte)
        }
        return .good(head)
    }
}
