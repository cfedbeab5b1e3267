internal import PelmeniCore

/// The messages on one stream: its peer's messages, framed, and the received ones, cut apart again.
///
/// Written without the engine's own scanner and heads, so that it repeats none of their mistakes.
struct MessageStream {
    /// The bytes of one read of a raw stream: a message.
    struct Window {
        var start: Int
        var count: Int
        var hasCome = false
    }

    /// The bytes behind the last frame of a stream.
    private enum Rest {
        case nothing
        /// The stream's end ends a message.
        case message
        case noMessage
    }

    let pair: Int
    /// The number of the client, or of the upstream connection, within the pair.
    let number: Int
    let isClient: Bool
    let plan: SimulatedMessagePlan
    private let framing: Framing
    private var delimiter: UInt8? { plan.delimiter(ofClient: isClient) }

    // The peer's sending side.
    private(set) var bytes: [UInt8] = []
    /// The end of each frame.
    private(set) var ends: [Int] = []
    private var rest = Rest.nothing
    /// The stream ends inside a message, or with an invalid frame.
    var isSpoilt: Bool { rest == .noMessage }
    /// The next message.
    var sequence = 0
    /// Messages without bytes: sent; below, received.
    var sentEmpty = 0
    var gotEmpty = 0
    /// Bytes handed to the engine; below, whole frames in them, and those of the last time.
    private(set) var handed = 0
    private(set) var framesHanded = 0
    private(set) var lastFrames = 0
    private var hasHandedEnd = false
    private var isBad = false
    var windows: [Window] = []
    /// Positions at which the peer waits until all its written bytes were read.
    var cutAt: [Int] = []

    // The peer's receiving side.
    private var waiting: [UInt8] = []
    /// The sender of the received messages.
    var sender: Int?
    var last = -1
    /// Messages received.
    var got = 0

    init(pair: Int, number: Int, isClient: Bool, plan: SimulatedMessagePlan) {
        self.pair = pair
        self.number = number
        self.isClient = isClient
        self.plan = plan
        framing = plan.framing(ofClient: isClient)
        if plan.cut == .atOwnNumber, number > 0 { cutAt = [number] }
    }

    /// The part of an incomplete message has come.
    var isMidFrame: Bool { !waiting.isEmpty }

    mutating func append(identity: UInt64, length: Int) {
        switch framing {
        case .u16be: bytes += [UInt8(length >> 8), UInt8(length & 0xff)]
        case .octetCount, .syslog: bytes += Array("\(length) ".utf8)
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
        case .eof: rest = length > 0 ? .message : .nothing
        default: ends.append(bytes.count)
        }
    }

    /// Removes the end of the last frame, or appends an invalid frame.
    mutating func spoil(cutting: Bool) {
        guard cutting else {
            bytes += noFrame
            rest = .noMessage
            return
        }
        guard let end = ends.popLast() else { return }
        guard let delimiter else {
            _ = bytes.removeLast()
            rest = .noMessage
            return
        }
        let start = ends.last ?? 0
        while bytes.count > start, let last = bytes.last, last == delimiter || last == 0x0d {
            bytes.removeLast()
        }
        // The end of the stream ends the message.
        rest = bytes.count > start ? .message : .nothing
        if bytes.count == start, end > start { sentEmpty -= 1 }
    }

    private var noFrame: [UInt8] {
        switch framing {
        case .u16be: [0xff, 0xff]
        case .u32be: [0x7f, 0x7f, 0x7f, 0x7f]
        case .octetCount: Array("x9 ".utf8)
        case .syslog: Array("09 ".utf8)
        default: [UInt8](repeating: 0x41, count: plan.maxFrame + 1)
        }
    }

    /// Waiting bytes that the peer may write now.
    ///
    /// - Parameter isRead: the engine has read all written bytes.
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

    /// Hands the engine further bytes of the peer.
    mutating func hand(_ count: Int) {
        lastFrames = 0
        if plan.isRaw {
            // A longer read is no message, and neither are the bytes behind it.
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

    /// Hands the engine the end of the stream.
    mutating func handEnd(isOfReset: Bool) {
        lastFrames = rest == .message && handed == bytes.count && !isOfReset ? 1 : 0
        hasHandedEnd = lastFrames > 0
    }

    /// Bytes of an incomplete frame were handed over.
    var wasHandedPart: Bool {
        guard !plan.isRaw, !hasHandedEnd else { return false }
        return handed > (framesHanded == 0 ? 0 : ends[framesHanded - 1])
    }

    // MARK: Cutting

    mutating func take(_ bytes: UnsafeRawPointer, _ count: Int) {
        waiting += UnsafeRawBufferPointer(start: bytes, count: count)
    }

    /// The next whole message; nil when there is none. An empty array is a message without bytes.
    mutating func next() -> [UInt8]? {
        guard let (start, end, next) = bounds(), waiting.count >= next else { return nil }
        let message = Array(waiting[start..<end])
        waiting.removeFirst(next)
        return message
    }

    /// The bounds of the next message, and the start of the one after it.
    private func bounds() -> (Int, Int, Int)? {
        switch framing {
        case .u16be:
            guard waiting.count >= 2 else { return nil }
            return counted(2, Int(waiting[0]) << 8 | Int(waiting[1]))
        case .octetCount, .syslog:
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
            // Only the message itself has its length.
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
