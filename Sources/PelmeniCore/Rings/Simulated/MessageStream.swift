/// The messages on one stream: those that its peer sends, framed, and those that come to it, cut apart
/// again.
///
/// Written without the engine's own scanner and heads, so that a mistake of theirs is not made twice.
struct MessageStream {
    let pair: Int
    /// The client's number, or the upstream connection's, within the pair.
    let number: Int
    let isClient: Bool
    private let framing: Framing

    // What it sends.
    private(set) var bytes: [UInt8] = []
    /// Where each frame ends.
    private(set) var ends: [Int] = []
    /// The next message.
    var sequence = 0
    /// Messages without bytes that it sent, and that came.
    var sentEmpty = 0
    var gotEmpty = 0
    /// Bytes that the engine was handed, and whole frames in them; of the last time, too.
    private(set) var handed = 0
    private(set) var framesHanded = 0
    private(set) var lastFrames = 0

    // What comes.
    private var waiting: [UInt8] = []
    /// Whose messages come.
    var sender: Int?
    var last = -1

    init(pair: Int, number: Int, isClient: Bool, framing: Framing) {
        self.pair = pair
        self.number = number
        self.isClient = isClient
        self.framing = framing
    }

    /// A message begun and not ended has come.
    var isMidFrame: Bool { !waiting.isEmpty }

    mutating func append(identity: UInt64, length: Int) {
        switch framing {
        case .u16be: bytes += [UInt8(length >> 8), UInt8(length & 0xff)]
        case .octetCount: bytes += Array("\(length) ".utf8)
        default:
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(length >> shift & 0xff)) }
        }
        let at = bytes.count
        bytes += [UInt8](repeating: 0, count: length)
        bytes.withUnsafeMutableBytes {
            guard length > 0, let base = $0.baseAddress else { return }
            FlowContent.fill(base + at, identity: identity, position: 0, count: length)
        }
        if length == 0 { sentEmpty += 1 }
        ends.append(bytes.count)
    }

    /// Takes the last bytes of the last frame away, or puts what is no frame behind it.
    mutating func spoil(cutting: Bool) {
        guard cutting else {
            bytes += Array((framing == .octetCount ? "x9 " : "\u{7f}\u{7f}\u{7f}\u{7f}").utf8)
            return
        }
        guard !ends.isEmpty else { return }
        bytes.removeLast()
        ends.removeLast()
    }

    /// The engine is handed so many more bytes of what the peer sends.
    mutating func hand(_ count: Int) {
        handed += count
        lastFrames = 0
        while framesHanded < ends.count, ends[framesHanded] <= handed {
            framesHanded += 1
            lastFrames += 1
        }
    }

    /// The frames of the last time were all looked at.
    mutating func forgetLast() { lastFrames = 0 }

    /// The bytes of a frame that is not whole were handed over.
    var wasHandedPart: Bool { handed > (framesHanded == 0 ? 0 : ends[framesHanded - 1]) }

    // MARK: Cutting

    mutating func take(_ bytes: UnsafeRawPointer, _ count: Int) {
        waiting += UnsafeRawBufferPointer(start: bytes, count: count)
    }

    /// The next whole message; nil when there is none. An empty text is a message without bytes.
    mutating func next() -> [UInt8]? {
        guard let (head, length) = head(), waiting.count >= head + length else { return nil }
        let message = Array(waiting[head..<head + length])
        waiting.removeFirst(head + length)
        return message
    }

    private func head() -> (Int, Int)? {
        switch framing {
        case .u16be:
            guard waiting.count >= 2 else { return nil }
            return (2, Int(waiting[0]) << 8 | Int(waiting[1]))
        case .octetCount:
            guard let space = waiting.firstIndex(of: 0x20) else { return nil }
            return (space + 1, waiting[..<space].reduce(0) { $0 * 10 + Int($1 & 0xf) })
        default:
            guard waiting.count >= 4 else { return nil }
            return (4, waiting[..<4].reduce(0) { $0 << 8 | Int($1) })
        }
    }
}
