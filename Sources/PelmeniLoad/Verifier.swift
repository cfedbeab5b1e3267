/// Checks a stream byte by byte as it comes, in pieces of any size.
struct Verifier {
    let seed: UInt64
    private(set) var position: UInt64
    let end: UInt64

    /// - Parameter position: where the pattern begins; what is before belongs to a header.
    init(seed: UInt64, position: UInt64 = 0, end: UInt64) {
        self.seed = seed
        self.position = position
        self.end = end
    }

    var isWhole: Bool { position == end }

    /// What is wrong with the next `count` bytes, or nil. After a fault the stream is of no more use.
    mutating func check(_ bytes: UnsafeRawPointer, count: Int) -> Fault? {
        let expected = min(count, Int(end &- position))
        if let offset = Pattern.firstMismatch(
            bytes, count: expected, seed: seed, position: position)
        {
            position &+= UInt64(offset)
            return .wrongByte
        }
        position &+= UInt64(expected)
        return expected < count ? .surplus : nil
    }
}
