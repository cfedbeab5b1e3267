/// A sink's report to a client: the position of the flow, and the right datagrams so far. Both are
/// sums, so that the next credit makes good a lost one.
struct DatagramCredit: Equatable {
    static let bytes = DatagramHead.bytes + 16

    /// The result of a credit's check.
    enum Finding: Equatable {
        case good(DatagramCredit)
        case bad(Fault)
    }

    let number: UInt64
    let client: UInt32
    /// The number of the client's datagrams up to the one that requested this credit, inclusive.
    let sequence: UInt64
    /// Datagrams of the client that came once, whole and right.
    let received: UInt64

    private var check: UInt64 {
        Pattern.word(Pattern.seed(number &+ UInt64(client)), received &+ Pattern.seed(sequence))
    }

    init(number: UInt64, client: UInt32, sequence: UInt64, received: UInt64) {
        self.number = number
        self.client = client
        self.sequence = sequence
        self.received = received
    }

    func write(_ bytes: UnsafeMutableRawPointer) {
        let head = DatagramHead(
            kind: .credit, number: number, client: Int(client), length: Self.bytes,
            sequence: sequence)
        head.write(bytes)
        bytes.storeBytes(
            of: received.littleEndian, toByteOffset: DatagramHead.bytes, as: UInt64.self)
        bytes.storeBytes(
            of: check.littleEndian, toByteOffset: DatagramHead.bytes + 8, as: UInt64.self)
    }

    static func read(_ bytes: UnsafeRawPointer, count: Int, number: UInt64) -> Finding {
        guard count == Self.bytes else { return .bad(.wrongLength) }
        guard let head = DatagramHead(reading: bytes), head.kind == .credit,
            head.number == number, Int(head.length) == count
        else { return .bad(.wrongByte) }
        func long(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        let credit = DatagramCredit(
            number: number, client: head.client, sequence: head.sequence,
            received: long(DatagramHead.bytes))
        guard long(DatagramHead.bytes + 8) == credit.check else { return .bad(.wrongByte) }
        return .good(credit)
    }
}
