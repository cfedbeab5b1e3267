/// The first bytes of every datagram under load: its sender, number and length, so that a receiver
/// can check boundaries and content without shared memory.
struct DatagramHead: Equatable {
    enum Kind: UInt32 {
        /// The origin returns it as an ``answer``.
        case question = 1
        case answer
        /// A part of a train, without an answer.
        case part
        /// The last datagram of a train, answered with a credit.
        case last
        /// Outside the flow, answered with a credit.
        case asks
        case credit
    }

    static let bytes = 32
    private static let magic: UInt32 = 0x3144_4c50
    private static let kindOffset = 4

    var kind: Kind
    /// The number of the run: runs have unrelated datagrams.
    var number: UInt64
    var client: UInt32
    /// Bytes of the whole datagram, this head included.
    var length: UInt32
    /// Rises by one with each of a client's datagrams.
    var sequence: UInt64

    init(kind: Kind, number: UInt64, client: Int, length: Int, sequence: UInt64) {
        self.kind = kind
        self.number = number
        self.client = UInt32(client)
        self.length = UInt32(length)
        self.sequence = sequence
    }

    /// Nil when the bytes, enough of them, are no head.
    init?(reading bytes: UnsafeRawPointer) {
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        func long(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard word(0) == Self.magic, let kind = Kind(rawValue: word(Self.kindOffset)) else {
            return nil
        }
        self.kind = kind
        number = long(8)
        client = word(16)
        length = word(20)
        sequence = long(24)
    }

    func write(_ bytes: UnsafeMutableRawPointer) {
        func put<Word: FixedWidthInteger & BitwiseCopyable>(_ word: Word, _ offset: Int) {
            bytes.storeBytes(of: word.littleEndian, toByteOffset: offset, as: Word.self)
        }
        put(Self.magic, 0)
        put(kind.rawValue, Self.kindOffset)
        put(number, 8)
        put(client, 16)
        put(length, 20)
        put(sequence, 24)
    }

    /// Turns a question into an answer, in place. Any other datagram stays as it is: its sender
    /// will notice.
    static func answer(_ bytes: UnsafeMutableRawPointer, count: Int) {
        guard count >= Self.bytes, let head = DatagramHead(reading: bytes), head.kind == .question
        else { return }
        bytes.storeBytes(
            of: Kind.answer.rawValue.littleEndian, toByteOffset: kindOffset, as: UInt32.self)
    }
}
