/// The unsent part of a stream.
struct StreamToSend {
    private let content: StreamContent
    private var position: UInt64 = 0
    private let end: UInt64
    private let header: ExchangeHeader?

    /// Nothing.
    init() { self.init(seed: 0, bytes: 0) }

    init(seed: UInt64, bytes: UInt64) {
        content = StreamContent(seed: seed)
        end = bytes
        header = nil
    }

    init(_ text: StaticString) {
        content = StreamContent(text)
        end = UInt64(text.utf8CodeUnitCount)
        header = nil
    }

    /// A request: its header, and the pattern after it.
    init(_ header: ExchangeHeader) {
        content = StreamContent(seed: header.seed)
        end = UInt64(header.requestBytes)
        self.header = header
    }

    var isDone: Bool { position == end }

    /// Writes the next bytes, as many as fit. At least a header must fit.
    mutating func fill(_ bytes: UnsafeMutableRawPointer, room: Int) -> Int {
        let count = min(room, Int(clamping: end &- position))
        var written = 0
        if position == 0, let header {
            header.write(bytes)
            written = ExchangeHeader.bytes
        }
        content.fill(
            bytes + written, count: count - written, position: position &+ UInt64(written))
        position &+= UInt64(count)
        return count
    }
}
