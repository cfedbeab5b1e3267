import PelmeniTesting

/// What all peers of a world know: the exchanges, how far each is, and what occurred.
final class HTTPBook {
    /// An exchange as far as the origins know.
    struct Progress {
        /// Connections that brought its request.
        var arrivals = 0
        /// A byte of its response went out.
        var isBegun = false
        /// All of its response did.
        var isAnswered = false
        /// The connection was at fault, before or with this exchange.
        var isSpoilt = false
        /// The client has given up on it, or has no right to an answer.
        var isGivenUp = false
    }

    let salt: UInt16
    let plans: [ExchangePlan]
    /// The exchanges of each client, in order.
    let clients: [[Int]]
    /// Connects fail, blocks are short, or the engine stops: sessions may end for no fault of
    /// their peers.
    let isRough: Bool
    /// Origins close kept connections, or send bytes that nobody asked for.
    let hasLooseOrigins: Bool
    /// Typed hooks see the messages: bodies may be framed anew.
    let isHooked: Bool
    /// The upstream, or the client, speaks no HTTP.
    let isBridge: Bool
    var progress: [Progress]
    private(set) var points: [SimulatedPoint: UInt64] = [:]

    init(
        salt: UInt16, plans: [ExchangePlan], clients: [[Int]], isRough: Bool,
        hasLooseOrigins: Bool, isHooked: Bool, isBridge: Bool = false
    ) {
        self.salt = salt
        self.plans = plans
        self.clients = clients
        self.isRough = isRough
        self.hasLooseOrigins = hasLooseOrigins
        self.isHooked = isHooked
        self.isBridge = isBridge
        progress = Array(repeating: Progress(), count: plans.count)
    }

    func hit(_ point: SimulatedPoint) { points[point, default: 0] += 1 }

    /// The identity of a body.
    func identity(_ id: Int, isUp: Bool) -> UInt64 {
        FlowContent.identity(salt: salt, fromClient: isUp, plan: 0, number: UInt32(id))
    }

    /// Checks a part of a body.
    func check(_ part: ArraySlice<UInt8>, _ id: Int, isUp: Bool, at position: Int) throws {
        let wrong = part.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap {
                FlowContent.firstDifference(
                    $0, identity: identity(id, isUp: isUp), position: position,
                    count: bytes.count)
            }
        }
        guard let wrong else { return }
        let whose = isUp ? "request" : "response"
        throw WireError("byte \(wrong) of the body of \(whose) \(id) is wrong")
    }

    /// The exchange whose body this is, by its first bytes.
    func exchange(of body: some Collection<UInt8>, isUp: Bool) throws -> Int {
        guard body.count >= FlowContent.headerBytes else {
            throw WireError("a body of \(body.count) bytes, which none has")
        }
        var identity: UInt64 = 0
        for (place, byte) in body.prefix(FlowContent.headerBytes).enumerated() {
            identity |= UInt64(byte) << UInt64(8 * place)
        }
        let id = FlowContent.number(identity)
        guard plans.indices.contains(id), identity == self.identity(id, isUp: isUp) else {
            throw WireError("a body that is no exchange's")
        }
        return id
    }

    /// A request has come to an origin, or its first bytes have.
    func arrived(_ id: Int) throws {
        let plan = plans[id]
        progress[id].arrivals += 1
        if progress[id].arrivals > 1 {
            hit(.httpRepeated)
            guard plan.mayRepeat, progress[id].arrivals == 2, !progress[id].isBegun else {
                throw WireError("request \(id), a \(plan.method), came again")
            }
        }
        guard !plan.isRefused, plan.kind != .forwards else {
            throw WireError("request \(id) came, which the proxy answers itself")
        }
        let before = clients[plan.client].prefix(plan.index)
        for other in before {
            let isOver =
                progress[other].isAnswered || plans[other].kind == .forwards
                || (isBridge && progress[other].isSpoilt)
            guard isOver else { throw WireError("request \(id) came before \(other) was answered") }
        }
        if plan.index > 0 { hit(.httpPersisted) }
    }

    /// Whether a response of the proxy's own may have this status.
    func permits(_ status: Int, _ id: Int) -> Bool {
        let plan = plans[id]
        if case .refused(let owed, _) = plan.kind { return status == owed || mayFail(id) }
        switch status {
        case 502, 503: return mayFail(id)
        case 504:
            // A datagram has no other way to fail.
            return isRough || plan.failure == .silent || (isBridge && progress[id].isSpoilt)
        case 408: return isRough || progress[id].isGivenUp
        default: return false
        }
    }

    /// Whether an exchange may have failed for its upstream.
    func mayFail(_ id: Int) -> Bool {
        isRough || progress[id].isSpoilt || (hasLooseOrigins && progress[id].arrivals == 0)
    }
}
