/// Where a session is: between two exchanges, or in one. A request and its response go on beside
/// one another.
struct HTTPExchange: @unchecked Sendable {
    enum Request: UInt8 {
        /// Its head is awaited, or not complete.
        case head
        /// Hooks have its head.
        case hooked
        /// Its body goes to the upstream.
        case body, chunks, trailers
        /// All of it is with the upstream.
        case done
    }

    enum Response: UInt8 {
        /// There is no request.
        case none
        case head
        /// Hooks have its head.
        case hooked
        case body, chunks, trailers
        /// A body without a length, up to the end of the upstream's connection.
        case untilEnd
        /// Both sides are a stream.
        case tunnel
    }

    struct Marks: OptionSet, Sendable {
        let rawValue: UInt32

        /// The client's connection ends behind the response.
        static let closesClient = Marks(rawValue: 1 << 0)
        /// HTTP/1.0.
        static let oldClient = Marks(rawValue: 1 << 1)
        static let isHead = Marks(rawValue: 1 << 2)
        static let takesTrailers = Marks(rawValue: 1 << 3)
        static let asksUpgrade = Marks(rawValue: 1 << 4)
        /// The upstream's connection may serve another request.
        static let keepsUpstream = Marks(rawValue: 1 << 5)
        /// A response's body is sent in chunks.
        static let sendsChunks = Marks(rawValue: 1 << 6)
        /// The request may be sent again, and its head is still there.
        static let mayRepeat = Marks(rawValue: 1 << 7)
        static let isRepeated = Marks(rawValue: 1 << 8)
        /// The request's body begins once the upstream is connected.
        static let bodyWaits = Marks(rawValue: 1 << 9)
        /// A side of a tunnel has ended.
        static let clientEnded = Marks(rawValue: 1 << 10)
        static let upstreamEnded = Marks(rawValue: 1 << 11)
        /// Part of a request's head has come.
        static let isMidHead = Marks(rawValue: 1 << 12)
        /// Hooks get the bytes of the body, or the proxy drops them.
        static let divertsRequest = Marks(rawValue: 1 << 13)
        static let divertsResponse = Marks(rawValue: 1 << 14)
        /// Hooks have the response: nothing of it was sent.
        static let holdsResponse = Marks(rawValue: 1 << 15)
        /// What the client has still to send of its body is dropped: the connection is kept.
        static let dropsRequest = Marks(rawValue: 1 << 16)
        /// A part of a body that hooks have left is still to be sent.
        static let sendsRequest = Marks(rawValue: 1 << 17)
        static let sendsResponse = Marks(rawValue: 1 << 18)
        /// A hook answers later: its deadline is the exchange's.
        static let waitsForHook = Marks(rawValue: 1 << 19)
        /// The time for a head is over, and its bytes were read again.
        static let isOverdue = Marks(rawValue: 1 << 20)
    }

    /// The marks, and above them in three bits each the states of the request and the response:
    /// with bytes of their own each idle client would take eight more.
    private var bits: UInt32 = 0
    /// Bytes of the request's head that are not taken: it may be sent again.
    var keptBytes: UInt32 = 0
    /// Bytes of a head that is not complete, as it was last read; of both directions.
    var requestHeadRead: UInt32 = 0
    var responseHeadRead: UInt32 = 0
    /// When something has to have happened, and when the timer fires; 0 is never.
    var dueAt: UInt64 = 0
    var timerAt: UInt64 = 0
    var client = ClientName()
    /// What most idle clients do not have, once there was any of it.
    private var extras: UnsafeMutablePointer<ExchangeExtras>?

    private static let stateMask: UInt32 = 7
    private static let requestShift: UInt32 = 26
    private static let responseShift: UInt32 = 29
    private static let markMask: UInt32 = 1 << requestShift - 1

    var marks: Marks {
        get { Marks(rawValue: bits & Self.markMask) }
        set {
            assert(newValue.rawValue <= Self.markMask, "a mark in the place of a state")
            bits = bits & ~Self.markMask | newValue.rawValue
        }
    }

    private(set) var request: Request {
        get { Request(rawValue: UInt8(bits >> Self.requestShift & Self.stateMask)) ?? .head }
        set {
            let state = UInt32(newValue.rawValue) << Self.requestShift
            bits = bits & ~(Self.stateMask << Self.requestShift) | state
        }
    }

    private(set) var response: Response {
        get { Response(rawValue: UInt8(bits >> Self.responseShift)) ?? .none }
        set {
            let state = UInt32(newValue.rawValue) << Self.responseShift
            bits = bits & ~(Self.stateMask << Self.responseShift) | state
        }
    }

    // MARK: Bodies

    /// Of a request's body that has a length.
    var bodyBytes: UInt64 {
        get { extras?.pointee.bytes ?? 0 }
        set { ownExtras().pointee.bytes = newValue }
    }

    /// Bytes that the bodies had still to give when the deadline was set.
    var bodyBytesLeft: UInt64 {
        get { extras?.pointee.left ?? 0 }
        set { ownExtras().pointee.left = newValue }
    }

    /// Looks at a body that found the same number of bytes left.
    var bodyChecks: UInt8 {
        get { extras?.pointee.checks ?? 0 }
        set { ownExtras().pointee.checks = newValue }
    }

    var requestChunks: ChunkDecoder {
        get { extras?.pointee.requestChunks ?? ChunkDecoder() }
        set { ownExtras().pointee.requestChunks = newValue }
    }

    var responseChunks: ChunkDecoder {
        get { extras?.pointee.responseChunks ?? ChunkDecoder() }
        set { ownExtras().pointee.responseChunks = newValue }
    }

    @inline(__always)
    private mutating func ownExtras() -> UnsafeMutablePointer<ExchangeExtras> {
        if let extras { return extras }
        let made = ExchangeExtras.create()
        extras = made
        return made
    }

    // MARK: Hooks and the log

    /// Of a pair with hooks; the session owns it.
    var hooks: Unmanaged<HTTPHookRun>? {
        get { extras?.pointee.hooks }
        set { if extras != nil || newValue != nil { ownExtras().pointee.hooks = newValue } }
    }

    var access: AccessRef {
        get { extras?.pointee.access ?? AccessRef() }
        set { if extras != nil || newValue.isThere { ownExtras().pointee.access = newValue } }
    }

    /// The session has ended.
    mutating func freeMemory() {
        assert(hooks == nil && !access.isThere, "hooks and the log's record are freed before")
        extras?.deallocate()
        extras = nil
        client.close()
    }

    /// A body is on its way.
    var hasBody: Bool {
        guard marks.isDisjoint(with: [.sendsRequest, .sendsResponse]) else { return true }
        return switch (request, response) {
        case (.body, _), (.chunks, _), (.trailers, _): true
        case (_, .body), (_, .chunks), (_, .trailers), (_, .untilEnd): true
        default: false
        }
    }

    /// The response is out, and the rest of its request is dropped.
    var dropsBehindResponse: Bool { marks.contains(.dropsRequest) && response == .none }

    /// Not all of the request is with the upstream, and what is left of it is not dropped.
    var isAhead: Bool {
        (request != .done || marks.contains(.sendsRequest)) && !marks.contains(.dropsRequest)
    }

    var isIdle: Bool { request == .head && response == .none }

    // MARK: Transitions

    mutating func move(request next: Request) {
        let isLegal =
            switch (request, next) {
            case (.head, .body), (.head, .chunks), (.head, .done), (.body, .done),
                (.chunks, .trailers), (.trailers, .done):
                true
            case (.head, .hooked), (.hooked, .body), (.hooked, .chunks), (.hooked, .done): true
            // The same request once more, or the next one.
            case (.done, .head): true
            default: false
            }
        assert(isLegal, "a request goes from \(request) to \(next)")
        request = next
    }

    mutating func move(response next: Response) {
        let isLegal =
            switch (response, next) {
            case (.none, .head), (.head, .body), (.head, .chunks), (.head, .untilEnd),
                (.head, .tunnel), (.chunks, .trailers):
                true
            case (.head, .hooked), (.hooked, .body), (.hooked, .chunks), (.hooked, .untilEnd): true
            // A body that hooks have collected.
            case (.body, .hooked), (.trailers, .hooked), (.untilEnd, .hooked): true
            case (.hooked, .none): true
            // Complete; or the same request once more.
            case (.head, .none), (.body, .none), (.trailers, .none), (.untilEnd, .none): true
            default: false
            }
        assert(isLegal, "a response goes from \(response) to \(next)")
        response = next
    }

    /// The next exchange of the same client.
    mutating func restart() {
        assert(request == .done && response == .none, "an exchange is restarted before its end")
        assert(requestHeadRead == 0 && responseHeadRead == 0, "a head was not read to its end")
        request = .head
        marks = []
        extras?.pointee.clearBodies()
    }
}

/// What a session has of hooks, of the access log, and of bodies that are not sent with their
/// heads. It is kept from the first of these to the session's end.
struct ExchangeExtras {
    var bytes: UInt64 = 0
    var left: UInt64 = 0
    var requestChunks = ChunkDecoder()
    var checks: UInt8 = 0
    var responseChunks = ChunkDecoder()
    var hooks: Unmanaged<HTTPHookRun>?
    var access = AccessRef()

    /// The next exchange of the same client.
    mutating func clearBodies() {
        self = ExchangeExtras(hooks: hooks, access: access)
    }

    /// Not inlined: the one allocation of a session that has any of it.
    @inline(never)
    static func create() -> UnsafeMutablePointer<ExchangeExtras> {
        let extras = UnsafeMutablePointer<ExchangeExtras>.allocate(capacity: 1)
        extras.initialize(to: ExchangeExtras())
        return extras
    }
}
