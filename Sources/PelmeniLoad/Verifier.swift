/// Checks a stream byte by byte as it comes, in pieces of any size.
struct Verifier {
    private let seed: UInt64
    private(set) var position: UInt64
    let end: UInt64

    /// - Parameter position: the start of the pattern; the bytes before belong to a header.
    init(seed: UInt64, position: UInt64 = 0, end: UInt64) {
        self.seed = seed
        self.position = position
        self.end = end
    }

    var isWhole: Bool { position == end }

    /// The number of the next `count` bytes that belong to this stream.
    func share(of count: Int) -> Int { min(count, Int(clamping: end &- position)) }

    /// The fault in the next `count` bytes, or nil. After a fault the verifier is unusable.
    mutating func check(_ bytes: UnsafeRawPointer, count: Int) -> Fault? {
        let expected = share(of: count)
        let found = Pattern.firstMismatch(bytes, count: expected, seed: seed, position: position)
        if let offset = found {
            position &+= UInt64(offset)
            return .wrongByte
        }
        position &+= UInt64(expected)
        return expected < count ? .surplus : nil
    }
}
