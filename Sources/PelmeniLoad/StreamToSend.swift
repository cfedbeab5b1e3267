/// The unsent part of a stream.
struct StreamToSend {
    /// What stands before the pattern.
    private enum Head {
        case none
        /// The first bytes of the stream, so that the pattern begins behind them.
        case exchange(ExchangeHeader)
        /// Heads of HTTP; the stream is the body.
        case request(HTTPWork)
        case answer(HTTPWork)
    }

    private let seed: UInt64
    private var position: UInt64 = 0
    private let end: UInt64
    private var head: Head

    /// Nothing.
    init() { self.init(seed: 0, bytes: 0) }

    init(seed: UInt64, bytes: UInt64) {
        self.init(seed: seed, bytes: bytes, .none)
    }

    private init(seed: UInt64, bytes: UInt64, _ head: Head) {
        self.seed = seed
        end = bytes
        self.head = head
    }

    /// A request: its header, and the pattern after it.
    init(_ header: ExchangeHeader) {
        self.init(seed: header.seed, bytes: UInt64(header.requestBytes), .exchange(header))
    }

    /// A request of HTTP.
    init(request work: HTTPWork) {
        self.init(seed: work.seed, bytes: UInt64(work.requestBytes), .request(work))
    }

    /// An answer of HTTP.
    init(answer work: HTTPWork) {
        self.init(seed: work.answerSeed, bytes: UInt64(work.answerBytes), .answer(work))
    }

    var isDone: Bool {
        guard case .none = head else { return false }
        return position == end
    }

    /// The room that the next bytes need: a head is not cut.
    var roomMin: Int {
        switch head {
        case .none: 1
        case .exchange: ExchangeHeader.bytes
        case .request, .answer: HTTPWork.headBytesMax
        }
    }

    /// Writes the next bytes, as many as fit. At least ``roomMin`` must fit.
    mutating func fill(_ bytes: UnsafeMutableRawPointer, room: Int) -> Int {
        let written = writeHead(bytes)
        let count = min(room - written, Int(clamping: end &- position))
        Pattern.fill(bytes + written, count: count, seed: seed, position: position)
        position &+= UInt64(count)
        return written + count
    }

    private mutating func writeHead(_ bytes: UnsafeMutableRawPointer) -> Int {
        defer { head = .none }
        switch head {
        case .none: return 0
        case .exchange(let header):
            header.write(bytes)
            position = UInt64(ExchangeHeader.bytes)
            return ExchangeHeader.bytes
        case .request(let work): return work.writeRequest(bytes)
        case .answer(let work): return work.writeAnswer(bytes)
        }
    }
}
