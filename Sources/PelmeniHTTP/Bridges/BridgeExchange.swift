internal import Pelmeni

/// Where the session of an HTTP client is whose upstream knows no HTTP.
struct BridgeExchange: @unchecked Sendable {
    enum Phase: UInt8 {
        /// A request's head is awaited, or not complete.
        case head
        case body
        /// The request is complete, and an upstream is awaited.
        case ready
        /// The upstream has the request.
        case asked
        /// The last response is sent.
        case over

        func leads(to next: Phase) -> Bool {
            switch self {
            case .head: next == .body || next == .over
            case .body: next == .ready || next == .over
            case .ready: next == .asked || next == .over
            case .asked: next == .head || next == .over
            case .over: next == .over
            }
        }
    }

    struct Marks: OptionSet, Sendable {
        let rawValue: UInt8

        /// The client's connection ends behind the response.
        static let closesClient = Marks(rawValue: 1 << 0)
        /// HTTP/1.0.
        static let oldClient = Marks(rawValue: 1 << 1)
        static let isHead = Marks(rawValue: 1 << 2)
        /// Part of a request's head has come.
        static let isMidHead = Marks(rawValue: 1 << 3)
        /// The time for a head is over, and its bytes were read again.
        static let isOverdue = Marks(rawValue: 1 << 4)
    }

    private(set) var phase = Phase.head
    var marks: Marks = []
    /// Bytes of a head that is not complete, as it was last read.
    var headRead = 0
    var body = BridgeBody(.none, headBytes: 0)
    var clock = BridgeClock()
    /// Of a pair with typed hooks; the session owns it.
    var hooks: Unmanaged<HTTPHookRun>?

    mutating func move(to next: Phase) {
        assert(phase.leads(to: next), "an exchange goes from \(phase) to \(next)")
        phase = next
    }

    /// No part of a request has come.
    var isIdle: Bool { phase == .head && !marks.contains(.isMidHead) }

    /// What becomes of a session whose client has ended its stream, or whose time is over.
    enum Ending {
        case goOn
        case finish(EndCause)
        case reset
        case answer(UInt16, StaticString)
        /// What has come of a head is read again, and then the time is looked at once more.
        case readAgain
    }

    /// The client has ended its stream, behind bytes that were left.
    mutating func clientEnded(_ rest: borrowing Buffer, _ limits: HTTPLimits) -> Ending {
        switch phase {
        case .head where isIdle: return .finish(.completed)
        case .head where headRead > 0:
            // Those behind the last line's end were not read: the verdict is that of the whole.
            do throws(HTTPRefusal) {
                _ = try rest.withOctets { octets throws(HTTPRefusal) in
                    try RequestHead.read(octets, limits)
                }
                return .reset
            } catch {
                return .answer(error.status, error.reason)
            }
        // Half of a request has no response.
        case .head, .body: return .reset
        case .ready, .asked: marks.insert(.closesClient)
        case .over: break
        }
        return .goOn
    }

    /// A deadline has passed.
    mutating func expired() -> Ending {
        switch phase {
        case .head where isIdle: return .finish(.idle)
        case .head where headRead > 0 && !marks.contains(.isOverdue):
            marks.insert(.isOverdue)
            headRead = 0
            return .readAgain
        case .head: return .answer(408, "the head did not come in time")
        case .body: return .answer(408, "the body did not come in time")
        case .ready, .over: return .goOn
        case .asked: return .answer(504, "the upstream did not answer in time")
        }
    }

    /// The next exchange of the same client.
    mutating func restart() {
        move(to: .head)
        marks = []
        body = BridgeBody(.none, headBytes: 0)
    }

    /// What the client is told of its connection.
    var connection: ResponseWriter.Connection {
        if marks.contains(.closesClient) { return .close }
        return marks.contains(.oldClient) ? .keepAlive : .silent
    }

    /// What the response has to know of its request.
    mutating func note(_ head: RequestHead, isDraining: Bool) {
        marks = []
        if !head.keepsConnection || isDraining { marks.insert(.closesClient) }
        if head.isOldVersion { marks.insert(.oldClient) }
        if head.kind == .head { marks.insert(.isHead) }
        body = BridgeBody(head.body, headBytes: head.end)
    }

    /// Reads a request's head; nil while it is not complete.
    mutating func readHead(
        _ data: borrowing Buffer, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> RequestHead? {
        let before = headRead
        let read = try data.withOctets { octets throws(HTTPRefusal) in
            try limits.areMet(octets, readBefore: before) ? RequestHead.read(octets, limits) : nil
        }
        headRead = read == nil ? data.count : 0
        return read
    }
}
