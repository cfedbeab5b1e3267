import Pelmeni
import PelmeniHTTP
import PelmeniTesting

/// What a seed decides about a world of HTTP.
struct WorldShape {
    /// What stands on the two sides.
    enum Kind {
        case http
        case toStream, toFrames, toDatagrams
        case fromFrames, fromDatagrams
    }

    let seed: UInt64
    let kind: Kind
    let isRough: Bool
    /// Peers leave, die and lie.
    let isWild: Bool
    let hasLooseOrigins: Bool
    let isHooked: Bool
    let upstreams: Int
    private(set) var plans: [ExchangePlan] = []
    private(set) var clients: [[Int]] = []
    private(set) var habits: [ClientHabits] = []
    private let isSmall: Bool

    init(seed: UInt64) {
        self.seed = seed
        var random = SeededRandom(seed: seed ^ 0x6874_7470)
        kind =
            seed % 16 == 12
            ? .http
            : random.pick([.toStream, .toFrames, .toDatagrams, .fromFrames, .fromDatagrams])
        isRough = random.chance(0x5000)
        isWild = random.chance(0xa000)
        hasLooseOrigins = isWild && random.chance(0x6000)
        isHooked = random.chance(0x4000)
        upstreams = random.pick([1, 1, 2, 4])
        isSmall = random.chance(0xa000)
        for client in 0..<random.pick([1, 2, 3, 5, 9]) {
            var ids: [Int] = []
            var mayFollow = true
            let isOld = random.chance(0x1800)
            for index in 0..<random.pick([1, 1, 2, 3, 5, 8]) where mayFollow {
                var plan = ExchangePlan()
                plan.id = plans.count
                plan.client = client
                plan.index = index
                plan.isOld = isOld
                mayFollow =
                    kind == .http
                    ? shape(&plan, &random) : shapeBridged(&plan, &random)
                ids.append(plan.id)
                plans.append(plan)
            }
            clients.append(ids)
            habits.append(clientHabits(ids, &random))
        }
    }

    var bytes: Int { plans.reduce(0) { $0 + 400 + $1.up.count + $1.down.count + $1.padding } }

    func book() -> HTTPBook {
        HTTPBook(
            salt: UInt16(truncatingIfNeeded: seed &* 0x9e37 &+ seed >> 16), plans: plans,
            clients: clients, isRough: isRough, hasLooseOrigins: hasLooseOrigins,
            isHooked: isHooked, isBridge: kind != .http)
    }

    func server() -> any Server {
        switch kind {
        case .http: return proxy()
        case .toStream: return HTTPServer(TCPClient(endpoints { .tcp(host: $0, port: 7) }))
        case .toFrames:
            return HTTPServer(TCPClient(endpoints { .tcp(host: $0, port: 7) }, framing: .u32be))
        case .toDatagrams: return HTTPServer(UDPClient(endpoints { .udp(host: $0, port: 7) }))
        case .fromFrames:
            return TCPServer(HTTPClient(endpoints { .http(host: $0, port: 80) }), framing: .u32be)
        case .fromDatagrams: return UDPServer(HTTPClient(endpoints { .http(host: $0, port: 80) }))
        }
    }

    private func endpoints(_ make: (String) -> Endpoint) -> [Endpoint] {
        (0..<upstreams).map { make("origin\($0).example") }
    }

    private func proxy() -> HTTPServer {
        var client = HTTPClient(endpoints { .http(host: $0, port: 80) })
        if isHooked {
            client = client.beforeSend(collecting: 4 << 20) { _, _ in .forward }
                .beforeRespondBody { _, _, _ in }
        }
        var server = HTTPServer(client, port: 8080)
        server.forwarding = seed % 32 < 16 ? [] : [.via, .xForwarded]
        server.limits.headBytes = 8 << 10
        return server
    }

    // MARK: Exchanges

    /// Returns whether another request may follow.
    private func shape(_ plan: inout ExchangePlan, _ random: inout SeededRandom) -> Bool {
        plan.method = random.pick(["GET", "GET", "HEAD", "POST", "POST", "PUT", "OPTIONS"])
        plan.padding = random.pick([0, 0, 20, 300, 5000])
        plan.closes = random.chance(0x1000)
        if ["POST", "PUT"].contains(plan.method) {
            let count = size(&random)
            plan.up = .length(count)
            if !plan.isOld, random.chance(0x6000) { plan.up = .chunked(count, sizes(&random)) }
            plan.awaits100 = !plan.isOld && random.chance(0x3000)
        }
        shapeResponse(&plan, &random)
        switch random.below(24) {
        case 0 where !plan.isOld:
            plan = ExchangePlan(
                id: plan.id, client: plan.client, index: plan.index, kind: .forwards,
                method: random.pick(["OPTIONS", "TRACE"]))
            return true
        case 1:
            let (status, text) = random.pick(BadRequests.all)
            plan = ExchangePlan(
                id: plan.id, client: plan.client, index: plan.index,
                kind: .refused(status: status, text: text))
            return false
        case 2 where !plan.isOld:
            plan = ExchangePlan(
                id: plan.id, client: plan.client, index: plan.index,
                kind: .upgrade(up: size(&random), down: size(&random)), status: 101)
            if random.chance(0x4000) { plan.status = 200 }
            return plan.status == 200
        default: break
        }
        if isWild { shapeFailure(&plan, &random) }
        return !plan.closes
    }

    private func shapeResponse(_ plan: inout ExchangePlan, _ random: inout SeededRandom) {
        plan.status = random.pick([200, 200, 200, 404, 500, 204, 304])
        plan.hints = plan.isOld ? 0 : random.pick([0, 0, 0, 1, 3])
        plan.delay = UInt64(random.pick([0, 0, 1_000_000, 2_000_000_000]))
        let count = size(&random)
        switch random.below(6) {
        case 0, 1: plan.down = .chunked(count, sizes(&random))
        case 2: plan.down = .untilEnd(count)
        default: plan.down = .length(count)
        }
        if !plan.hasBody, case .untilEnd = plan.down { plan.down = .length(count) }
        plan.originCloses = random.chance(0x1800)
        if plan.up != .none, !isHooked, random.chance(0x2000) {
            plan.early = random.below(plan.up.count + 1)
        }
    }

    private func shapeFailure(_ plan: inout ExchangePlan, _ random: inout SeededRandom) {
        guard random.chance(0x3000) else { return }
        switch random.below(8) {
        case 0: plan.failure = .invalid
        case 1: plan.failure = .silent
        case 2, 3: plan.failure = .dies(after: 0, byReset: random.chance(0x8000))
        case 4: plan.failure = .dies(after: random.between(1, 90), byReset: random.chance(0x8000))
        default:
            var isReset = random.chance(0x8000)
            // An end in order would be the end of such a body.
            if case .untilEnd = plan.down { isReset = true }
            plan.failure = .dies(
                after: 90 + random.below(plan.down.count + 20), byReset: isReset)
        }
        if case .untilEnd = plan.down, case .dies(let after, _) = plan.failure {
            plan.failure = .dies(after: after, byReset: true)
        }
    }

    private func size(_ random: inout SeededRandom) -> Int {
        switch random.below(isSmall ? 8 : 12) {
        case 0: 0
        case 1: 1
        case 2, 3, 4: random.between(2, 300)
        case 5, 6: random.between(300, 5000)
        case 7: random.pick([4096, 4097, 16_384, 16_385])
        case 8, 9: random.between(5000, 40_000)
        default: random.between(40_000, 300_000)
        }
    }

    private func sizes(_ random: inout SeededRandom) -> [Int] {
        random.pick([[1000], [1, 4096, 4097, 30_000, 7], [65_536, 2, 16_384], [17, 300]])
    }

    /// An exchange whose other side knows no HTTP: bodies that name it.
    private func shapeBridged(_ plan: inout ExchangePlan, _ random: inout SeededRandom) -> Bool {
        let isShort = kind == .toDatagrams || kind == .fromDatagrams
        let count = max(8, min(size(&random), isShort ? 9_000 : 60_000))
        let down = max(8, min(size(&random), isShort ? 9_000 : 60_000))
        plan.method = "POST"
        plan.padding = random.pick([0, 0, 20, 300])
        plan.closes = random.chance(0x1000)
        plan.up = .length(count)
        let hasHead = kind != .fromFrames && kind != .fromDatagrams
        if hasHead, !plan.isOld, random.chance(0x8000) { plan.up = .chunked(count, sizes(&random)) }
        plan.awaits100 = hasHead && !plan.isOld && random.chance(0x3000)
        plan.down = random.chance(0x8000) ? .length(down) : .chunked(down, sizes(&random))
        plan.delay = UInt64(random.pick([0, 0, 1_000_000, 2_000_000_000]))
        if !hasHead {
            plan.closes = false
            plan.originCloses = random.chance(0x1800)
            if random.chance(0x2000) { plan.down = .untilEnd(down) }
            if kind == .fromDatagrams { plan.index = 0 }
        }
        guard isWild, random.chance(0x3000) else { return !plan.closes }
        switch random.below(4) {
        case 0: plan.failure = .silent
        case 1 where !hasHead:
            plan.failure = .invalid
        default:
            plan.failure = .dies(after: random.below(down + 100), byReset: random.chance(0x8000))
            if case .untilEnd = plan.down, case .dies(let after, _) = plan.failure {
                plan.failure = .dies(after: after, byReset: true)
            }
        }
        return !plan.closes
    }

    // MARK: Peers

    private func clientHabits(_ ids: [Int], _ random: inout SeededRandom) -> ClientHabits {
        var habits = ClientHabits()
        habits.depth = random.pick([1, 1, 2, 8])
        if random.chance(0x2000) {
            habits.pausesAt = random.below(3000)
            habits.pause = UInt64(random.between(1_000_000, 3_000_000_000))
        }
        habits.endsEarly = random.chance(0x1000)
        guard isWild else { return habits }
        let up = ids.reduce(0) { $0 + 200 + plans[$1].up.count + plans[$1].padding }
        let down = ids.reduce(0) { $0 + 150 + plans[$1].down.count }
        switch random.below(10) {
        case 0: habits.leavesAtSent = random.below(up)
        case 1: habits.leavesAtReceived = random.below(down)
        case 2: habits.stallsAt = random.below(up)
        default: break
        }
        habits.leavesByReset = random.chance(0x8000)
        return habits
    }

    func originHabits(_ random: inout SeededRandom) -> OriginHabits {
        var habits = OriginHabits()
        if random.chance(0x2000) {
            habits.pausesAt = random.below(3000)
            habits.pause = UInt64(random.between(1_000_000, 3_000_000_000))
        }
        guard hasLooseOrigins, random.chance(0x8000) else { return habits }
        habits.endsByReset = random.chance(0x8000)
        let wait = UInt64(random.pick([1, 100_000, 3_000_000, 2_000_000_000]))
        if random.chance(0x8000) { habits.idle = wait } else { habits.lateBytes = wait }
        return habits
    }
}
