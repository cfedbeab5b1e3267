internal import Pelmeni

/// Where a session is whose messages go to an upstream of HTTP: one request at a time.
struct PostExchange: @unchecked Sendable {
    enum Phase: UInt8 {
        /// No request is out.
        case idle
        /// The head of the response is awaited, or not complete.
        case head
        /// The response's body is.
        case body
    }

    private(set) var phase = Phase.idle
    /// Bytes of a head that is not complete, as it was last read.
    var headRead = 0
    var status = 0
    /// The connection may serve another request.
    var keepsUpstream = false
    var body = BridgeBody(.none, headBytes: 0)
    var clock = BridgeClock()
    var client = ClientText()
    /// Of a client with typed hooks; the session owns it.
    var hooks: Unmanaged<HTTPHookRun>?

    mutating func move(to next: Phase) {
        let isLegal =
            switch (phase, next) {
            case (.idle, .head), (.head, .body): true
            // Complete, or failed.
            case (.head, .idle), (.body, .idle): true
            default: false
            }
        assert(isLegal, "an exchange goes from \(phase) to \(next)")
        phase = next
    }

    /// No request is out any more.
    mutating func restart() {
        if phase != .idle { move(to: .idle) }
        headRead = 0
        keepsUpstream = false
        body = BridgeBody(.none, headBytes: 0)
    }
}

/// Why a message has no answer. The text ends a stream's session, as its reason.
struct BridgeFailure: Error, CustomStringConvertible {
    let reason: StaticString
    /// Of the upstream's response, where that is the reason.
    var status = 0

    var description: String { status == 0 ? "\(reason)" : "\(reason) \(status)" }

    static let status = BridgeFailure(reason: "the upstream's status is")
    static let closed = BridgeFailure(reason: "the upstream closed its connection mid-response")
    static let silent = BridgeFailure(reason: "the upstream did not answer in time")
    static let lost = BridgeFailure(reason: "the upstream's connection broke")
    /// What an HTTP client is told where no upstream answers.
    static func unreachable(_ cause: EndCause) -> (status: UInt16, reason: StaticString) {
        cause == .connectTimeout
            ? (504, "the upstream did not accept in time") : (502, "no upstream accepted")
    }

    static let target = BridgeFailure(
        reason: "the target is a path with a / in front, of printable ASCII without spaces")
}
