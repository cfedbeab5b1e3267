/// Checks a stream byte by byte as it comes, in pieces of any size.
struct Verifier {
    private let content: StreamContent
    private(set) var position: UInt64
    let end: UInt64

    /// - Parameter position: the start of the pattern; the bytes before belong to a header.
    init(seed: UInt64, position: UInt64 = 0, end: UInt64) {
        content = StreamContent(seed: seed)
        self.position = position
        self.end = end
    }

    init(_ text: StaticString) {
        content = StreamContent(text)
        position = 0
        end = UInt64(text.utf8CodeUnitCount)
    }

    var isWhole: Bool { position == end }

    /// The number of the next `count` bytes that belong to this stream.
    func share(of count: Int) -> Int { min(count, Int(clamping: end &- position)) }

    /// The fault in the next `count` bytes, or nil. After a fault the verifier is unusable.
    mutating func check(_ bytes: UnsafeRawPointer, count: Int) -> Fault? {
        let expected = share(of: count)
        if let offset = content.firstMismatch(bytes, count: expected, position: position) {
            position &+= UInt64(offset)
            return .wrongByte
        }
        position &+= UInt64(expected)
        return expected < count ? .surplus : nil
    }
}
