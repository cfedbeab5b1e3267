/// The first bytes of a request: they describe the request and its answer, so that the origin can
/// check every byte of the request, and the load every byte of the answer, without shared memory.
struct ExchangeHeader: Equatable {
    static let bytes = 24
    private static let magic: UInt32 = 0x314d_4c50
    private static let lastFlag: UInt32 = 1

    var seed: UInt64
    /// Bytes of the whole request, this header included.
    var requestBytes: UInt32
    var answerBytes: UInt32
    /// The origin ends the connection after its answer.
    var isLast: Bool

    /// The seed of the answer's own stream: a returned request would not pass for it.
    var answerSeed: UInt64 { ~seed }

    init(seed: UInt64, requestBytes: UInt32, answerBytes: UInt32, isLast: Bool) {
        self.seed = seed
        self.requestBytes = requestBytes
        self.answerBytes = answerBytes
        self.isLast = isLast
    }

    /// Nil when the bytes are no header.
    init?(reading bytes: UnsafeRawPointer) {
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        guard word(0) == Self.magic, word(4) <= Self.lastFlag, word(16) >= Self.bytes else {
            return nil
        }
        seed = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        requestBytes = word(16)
        answerBytes = word(20)
        isLast = word(4) == Self.lastFlag
    }

    func write(_ bytes: UnsafeMutableRawPointer) {
        func put(_ word: UInt32, _ offset: Int) {
            bytes.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt32.self)
        }
        put(Self.magic, 0)
        put(isLast ? Self.lastFlag : 0, 4)
        bytes.storeBytes(of: seed.littleEndian, toByteOffset: 8, as: UInt64.self)
        put(requestBytes, 16)
        put(answerBytes, 20)
    }
}
