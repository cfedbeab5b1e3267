/// The hooks of one connection of a client: their instances, and what they have of the present
/// exchange. Only connections of a pair with hooks have one.
final class HTTPHookRun {
    /// What becomes of a message behind its hooks.
    enum Step {
        /// It goes on.
        case forward
        /// A hook waits for the whole body, of so many bytes at most.
        case collect(Int)
        case reply(HTTPResponse)
        case close(String)
        case fail(HTTPHookFailure)
        /// A hook answers later.
        case wait(Duration, @Sendable () async -> Void)
    }

    /// A message on its way.
    struct Way {
        /// The hook that is called next.
        var stage = 0
        /// How its body came, and how much of one with a length has still to come.
        var length = BodyLength.none
        var left: UInt64 = 0
        /// All of the body was taken, or there is none.
        var isTaken = true
        var use = Use.drop
        /// What was collected.
        var bytes: [UInt8] = []
        /// Lines of trailers behind a collected body.
        var trailers: [UInt8] = []
        /// A body that is there whole, and how much of it was sent.
        var outgoing: [UInt8] = []
        var sent = 0

        init() {}

        init(_ body: BodyLength, stage: Int) {
            self.stage = stage
            length = body
            isTaken = body == .none || body == .bytes(0)
            if case .bytes(let count) = body { left = count }
        }
    }

    /// What is done with the bytes of a body that the proxy takes.
    enum Use {
        case drop
        case collect(Int)
        /// Hooks see the pieces, which go on.
        case pass
    }

    private let instances: [HTTPHookInstance]
    private let serverCount: Int
    private let upstreams: Int
    /// The moments of all hooks.
    let moments: HTTPMoments
    var request = HTTPRequest()
    var response = HTTPResponse(200)
    var requestWay = Way()
    var responseWay = Way()
    /// The request was HEAD, and wants 100 Continue before its body.
    var isHead = false
    var expects = false
    /// The response is a hook's own: it passes no other one.
    private var isReply = false
    /// The upstream that a hook chose.
    var upstream: Int?
    /// The asynchronous calls that have not returned, and when they are given up; 0 is none.
    private var requestCall: HTTPCall<HTTPRequest>?
    private var responseCall: HTTPCall<HTTPResponse>?
    var waitsUntil: UInt64 = 0

    /// The hook that sees responses first.
    var lastStage: Int { instances.count - 1 }

    init(_ chain: HTTPHookChain) throws {
        instances = try chain.tables.map { try $0.makeInstance() }
        serverCount = chain.serverCount
        upstreams = chain.upstreams
        moments = chain.moments
    }

    subscript(_ side: MessageSide) -> Way {
        get { side == .request ? requestWay : responseWay }
        set { if side == .request { requestWay = newValue } else { responseWay = newValue } }
    }

    // MARK: Requests

    func begin(_ octets: Octets, _ head: RequestHead) {
        request = HTTPRequest(octets, head)
        requestWay = Way(head.body, stage: 0)
        responseWay = Way()
        isReply = false
        isHead = head.kind == .head
        expects = head.facts.marks.contains(.expects)
        upstream = nil
    }

    /// Calls the hooks of requests from the next one on.
    func advanceRequest(_ session: HTTPSession) -> Step {
        while requestWay.stage < instances.count {
            let stage = requestWay.stage
            let table = instances[stage].table
            guard table.moments.contains(stage < serverCount ? .forward : .send) else {
                requestWay.stage += 1
                continue
            }
            if let most = table.requestBytesMax, !requestWay.isTaken,
                case .untouched = request.bodyPlace
            {
                return .collect(most)
            }
            guard request.body.count <= table.requestBytesMax ?? .max else {
                return .fail(.tooLong(table.name, ofRequest: true))
            }
            if let body = table.asyncRequest {
                let (call, request) = (HTTPCall<HTTPRequest>(), request)
                requestCall = call
                return .wait(table.deadline) { await call.run(request, session, body) }
            }
            requestWay.stage += 1
            do {
                if let step = try settle(try call(stage, session), table) { return step }
            } catch {
                return .fail(.thrown(table.name, error))
            }
        }
        return .forward
    }

    /// The request is as a hook left it. Nil: the next hook has its turn.
    private func settle(_ verdict: HTTPVerdict, _ table: HTTPHookTable) throws -> Step? {
        try request.check(isHead: isHead)
        switch verdict {
        case .forward: break
        case .route(let number):
            guard (0..<upstreams).contains(number) else { throw HTTPHookError.route(number) }
            upstream = number
        case .reply(let response): return .reply(response)
        case .close(let reason): return .close("\(table.name): \(reason)")
        }
        return nil
    }

    /// An asynchronous hook of requests has returned.
    func resumeRequest(_ session: HTTPSession) -> Step {
        guard let result = requestCall?.take() else { return .forward }
        requestCall = nil
        let table = instances[requestWay.stage].table
        requestWay.stage += 1
        do {
            let verdict: HTTPVerdict
            (request, verdict) = try result.get()
            return try settle(verdict, table) ?? advanceRequest(session)
        } catch {
            return .fail(.thrown(table.name, error))
        }
    }

    private func call(_ stage: Int, _ session: HTTPSession) throws -> HTTPVerdict {
        let instance = instances[stage]
        let call = stage < serverCount ? instance.table.forward : instance.table.send
        return try call(instance.state, &request, session)
    }

    // MARK: Responses

    func begin(_ octets: Octets, _ head: ResponseHead) {
        response = HTTPResponse(octets, head)
        responseWay = Way(head.body, stage: lastStage)
        isReply = false
    }

    /// Calls the hooks of responses from the next one on: in reverse order.
    func advanceResponse(_ session: HTTPSession) -> Step {
        while responseWay.stage >= 0 {
            let instance = instances[responseWay.stage]
            let table = instance.table
            guard table.moments.contains(.respond) else {
                responseWay.stage -= 1
                continue
            }
            if let most = table.responseBytesMax, !responseWay.isTaken,
                case .untouched = response.bodyPlace
            {
                return .collect(most)
            }
            guard response.body.count <= table.responseBytesMax ?? .max else {
                return .fail(.tooLong(table.name, ofRequest: false))
            }
            if let body = table.asyncResponse {
                let (call, response) = (HTTPCall<HTTPResponse>(), response)
                responseCall = call
                return .wait(table.deadline) { await call.run(response, session, body) }
            }
            responseWay.stage -= 1
            do {
                let verdict = try table.respond(instance.state, &response, session)
                if let step = try settleResponse(verdict, table) { return step }
            } catch {
                return .fail(.thrown(table.name, error))
            }
        }
        return .forward
    }

    /// The response is as a hook left it. Nil: the next hook has its turn.
    private func settleResponse(_ verdict: HTTPVerdict, _ table: HTTPHookTable) throws -> Step? {
        try response.check()
        switch verdict {
        case .forward: break
        case .route: throw HTTPHookFailure.routedResponse
        case .reply(let response): return .reply(response)
        case .close(let reason): return .close("\(table.name): \(reason)")
        }
        return nil
    }

    /// An asynchronous hook of responses has returned.
    func resumeResponse(_ session: HTTPSession) -> Step {
        guard let result = responseCall?.take() else { return .forward }
        responseCall = nil
        let table = instances[responseWay.stage].table
        responseWay.stage -= 1
        do {
            let verdict: HTTPVerdict
            (response, verdict) = try result.get()
            return try settleResponse(verdict, table) ?? advanceResponse(session)
        } catch {
            return .fail(.thrown(table.name, error))
        }
    }

    /// The hook that has a message has not answered in time.
    var overdue: HTTPHookFailure {
        let stage = requestCall != nil ? requestWay.stage : responseWay.stage
        return .thrown(instances[stage].table.name, HTTPHookError("no answer within its deadline"))
    }

    // MARK: Bodies

    /// The whole body has come.
    func collected(_ side: MessageSide) {
        if side == .request {
            request.collect(HTTPBody(requestWay.bytes))
            requestWay.bytes = []
        } else {
            response.collect(HTTPBody(responseWay.bytes))
            responseWay.bytes = []
        }
    }

    /// Whether hooks see the pieces of a body.
    func seesPieces(_ side: MessageSide) -> Bool {
        side == .request
            ? !moments.isDisjoint(with: .requestBodies)
            : moments.contains(.respondBody) && !isReply
    }

    /// A hook's own response goes to the client.
    func setReply(_ own: HTTPResponse) {
        response = own
        isReply = true
        responseWay.trailers = []
    }

    /// Shows a piece of a body to its hooks, in order.
    func pass(
        _ piece: inout HTTPBody, isEnd: Bool, _ side: MessageSide, _ session: HTTPSession
    ) throws(HTTPHookFailure) {
        let order = Array(instances.indices)
        for stage in side == .request ? order : order.reversed() {
            let instance = instances[stage]
            let table = instance.table
            do {
                if side == .response {
                    try table.respondPiece(instance.state, &piece, isEnd, session)
                } else if stage < serverCount {
                    try table.forwardPiece(instance.state, &piece, isEnd, session)
                } else {
                    try table.sendPiece(instance.state, &piece, isEnd, session)
                }
            } catch {
                throw .thrown(table.name, error)
            }
        }
    }
}

/// Which message of an exchange a body is of.
enum MessageSide {
    case request, response
}
