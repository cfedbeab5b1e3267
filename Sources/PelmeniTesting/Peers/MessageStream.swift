internal import PelmeniCore

/// The messages on one stream: those that its peer sends, framed, and those that come to it, cut
/// apart again.
///
/// Written without the engine's own scanner and heads, so that a mistake of theirs is not made
/// twice.
struct MessageStream {
    /// What one read of a raw stream brought: a message.
    struct Window {
        var start: Int
        var count: Int
        var hasCome = false
    }

    let pair: Int
    /// The client's number, or the upstream connection's, within the pair.
    let number: Int
    let isClient: Bool
    let plan: SimulatedMessagePlan
    private let framing: Framing
    private let delimiter: UInt8?

    // What it sends.
    private(set) var bytes: [UInt8] = []
    /// Where each frame ends.
    private(set) var ends: [Int] = []
    /// What stands behind the last end is a message, too, once the stream has ended.
    private(set) var hasOpenEnd = false
    /// It does not end behind a message.
    private(set) var isSpoilt = false
    /// The next message.
    var sequence = 0
    /// Messages without bytes that it sent, and that came.
    var sentEmpty = 0
    var gotEmpty = 0
    /// Bytes that the engine was handed, and whole frames in them; of the last time, too.
    private(set) var handed = 0
    private(set) var framesHanded = 0
    private(set) var lastFrames = 0
    private var hasHandedEnd = false
    private var isBad = false
    var windows: [Window] = []
    /// Bytes before which it waits until all that it wrote was read.
    var cutAt: [Int] = []

    // What comes.
    private var waiting: [UInt8] = []
    /// Whose messages come.
    var sender: Int?
    var last = -1
    /// Messages that came.
    var got = 0

    init(pair: Int, number: Int, isClient: Bool, plan: SimulatedMessagePlan) {
        self.pair = pair
        self.number = number
        self.isClient = isClient
        self.plan = plan
        framing = plan.framing(ofClient: isClient)
        delimiter = plan.delimiter(ofClient: isClient)
        if plan.cut == .atOwnNumber, number > 0 { cutAt = [number] }
    }

    /// A message begun and not ended has come.
    var isMidFrame: Bool { !waiting.isEmpty }

    mutating func append(identity: UInt64, length: Int) {
        switch framing {
        case .u16be: bytes += [UInt8(length >> 8), UInt8(length & 0xff)]
        case .octetCount: bytes += Array("\(length) ".utf8)
        case .u32be: for shift in [24, 16, 8, 0] { bytes.append(UInt8(length >> shift & 0xff)) }
        default: break
        }
        let at = bytes.count
        bytes += [UInt8](repeating: 0, count: length)
        bytes.withUnsafeMutableBytes {
            guard length > 0, let base = $0.baseAddress else { return }
            MessageContent.fill(base + at, identity: identity, length: length, plan)
        }
        if case .line = framing, MessageContent.hasCarriageReturn(identity) { bytes.append(0x0d) }
        if let delimiter { bytes.append(delimiter) }
        if length == 0 { sentEmpty += 1 }
        switch framing {
        case .raw: break
        case .eof: hasOpenEnd = length > 0
        default: ends.append(bytes.count)
        }
    }

    /// Takes the end of the last frame away, or puts what is no frame behind it.
    mutating func spoil(cutting: Bool) {
        guard cutting else {
            hasOpenEnd = false
            bytes += noFrame
            isSpoilt = true
            return
        }
        guard let end = ends.popLast() else { return }
        guard let delimiter else {
            _ = bytes.removeLast()
            isSpoilt = true
            return
        }
        let start = ends.last ?? 0
        while bytes.count > start, let last = bytes.last, last == delimiter || last == 0x0d {
            bytes.removeLast()
        }
        // The stream's end is the message's.
        hasOpenEnd = bytes.count > start
        if bytes.count == start, end > start { sentEmpty -= 1 }
    }

    private var noFrame: [UInt8] {
        switch framing {
        case .u16be: [0xff, 0xff]
        case .u32be: [0x7f, 0x7f, 0x7f, 0x7f]
        case .octetCount: Array("x9 ".utf8)
        default: [UInt8](repeating: 0x41, count: plan.maxFrame + 1)
        }
    }

    /// Bytes that the peer may write now, of those that wait.
    ///
    /// - Parameter isRead: the engine has taken all that was written.
    func writable(sent: Int, isRead: Bool) -> Int {
        switch plan.cut {
        case .byChance, .never: return bytes.count - sent
        case .everyByte: return isRead ? min(1, bytes.count - sent) : 0
        case .atOwnNumber:
            guard let at = cutAt.first(where: { $0 >= sent }), at <= bytes.count else {
                return bytes.count - sent
            }
            guard at == sent else { return at - sent }
            return isRead ? bytes.count - sent : 0
        }
    }

    /// The engine is handed so many more bytes of what the peer sends.
    mutating func hand(_ count: Int) {
        lastFrames = 0
        if plan.isRaw {
            // A longer read is no message, and nothing behind it is.
            isBad = isBad || count > plan.maxFrame
            guard !isBad else { return }
            windows.append(Window(start: handed, count: count))
            framesHanded += 1
            lastFrames = 1
        }
        handed += count
        while framesHanded < ends.count, ends[framesHanded] <= handed {
            framesHanded += 1
            lastFrames += 1
        }
    }

    /// The engine is handed the stream's end.
    mutating func handEnd() {
        lastFrames = hasOpenEnd && handed == bytes.count ? 1 : 0
        hasHandedEnd = lastFrames > 0
    }

    /// The frames of the last time were all looked at.
    mutating func forgetLast() { lastFrames = 0 }

    /// The bytes of a frame that is not whole were handed over.
    var wasHandedPart: Bool {
        guard !plan.isRaw, !hasHandedEnd else { return false }
        return handed > (framesHanded == 0 ? 0 : ends[framesHanded - 1])
    }

    // MARK: Cutting

    mutating func take(_ bytes: UnsafeRawPointer, _ count: Int) {
        waiting += UnsafeRawBufferPointer(start: bytes, count: count)
    }

    /// The next whole message; nil when there is none. An empty text is a message without bytes.
    mutating func next() -> [UInt8]? {
        guard let (start, end, next) = bounds(), waiting.count >= next else { return nil }
        let message = Array(waiting[start..<end])
        waiting.removeFirst(next)
        return message
    }

    /// Where the next message begins and ends, and where the one after it begins.
    private func bounds() -> (Int, Int, Int)? {
        switch framing {
        case .u16be:
            guard waiting.count >= 2 else { return nil }
            return counted(2, Int(waiting[0]) << 8 | Int(waiting[1]))
        case .octetCount:
            guard let space = waiting.firstIndex(of: 0x20) else { return nil }
            return counted(space + 1, waiting[..<space].reduce(0) { $0 * 10 + Int($1 & 0xf) })
        case .u32be:
            guard waiting.count >= 4 else { return nil }
            return counted(4, waiting[..<4].reduce(0) { $0 << 8 | Int($1) })
        case .fixed(let size): return counted(0, size)
        case .line:
            guard let end = waiting.firstIndex(of: 0x0a) else { return nil }
            return (0, end > 0 && waiting[end - 1] == 0x0d ? end - 1 : end, end + 1)
        case .delimiter(let byte):
            guard let end = waiting.firstIndex(of: byte) else { return nil }
            return (0, end, end + 1)
        default:
            // Nothing but the message itself tells how long it is.
            guard waiting.count >= MessageContent.headerBytes(plan) else { return nil }
            let identity = waiting.withUnsafeBytes { bytes in
                bytes.baseAddress.map { MessageContent.identity($0, plan) } ?? 0
            }
            return counted(0, max(1, MessageContent.length(identity, plan)))
        }
    }

    private func counted(_ head: Int, _ length: Int) -> (Int, Int, Int) {
        (head, head + length, head + length)
    }
}
