internal import PelmeniCore

// Further rules for datagrams: a client has one session, until it is silent for long or has sent as
// many messages as a session takes.
extension SimulatedKernel {
    /// Whether the sessions of a pair end for silence alone.
    private func isSteady(_ pair: Int) -> Bool {
        guard isAllDatagrams, !messages.areForeign, !isDraining, world.chaos.isEmpty,
            world.drivers.isEmpty, world.healsAt == .max, world.drainsAt == .max,
            world.stopsAt == .max, let plan = world.messagePlan(pair)
        else { return false }
        return !plan.listensOnUnix && !plan.forwardsToUnix && plan.responses == 0
            && plan.upstreams == [[.accepts]] && plan.refusesFrom == .max
    }

    /// Notes that a message of the session came to the engine, or left it.
    func noteActive(_ number: Int) { messages.sockets[number].activity.activeAt = time }

    /// The engine closes a session's socket.
    func checkSilence(_ number: Int) {
        let socket = messages.sockets[number]
        guard !socket.isListener, socket.activity.activeAt > 0, isSteady(socket.pair),
            let plan = world.messagePlan(socket.pair)
        else { return }
        let silence = time - socket.activity.activeAt
        guard plan.deadlines.idle == 0 || silence < plan.deadlines.idle else { return }
        violate("flow \(number) is closed after a silence of \(silence) ns")
    }

    /// A driver gives each message of a client a tag; a session's messages have the same one.
    func checkTag(_ number: Int, _ tag: UInt64) {
        let socket = messages.sockets[number]
        guard world.isDriven(socket.pair), world.drivers[socket.pair]?.hasTags == true else {
            return
        }
        if let other = socket.activity.tag, other != tag {
            violate("flow \(number) has messages of two tags")
        }
        messages.sockets[number].activity.tag = tag
        hit(.driverTagged)
    }

    /// A client's first message comes through a session's socket: no earlier session of its takes
    /// more. What waits for a Unix upstream is counted later than the session counts it.
    func checkFirst(_ number: Int, of client: Int) {
        let pair = messages.sockets[number].pair
        guard client >= 0, !messages.areForeign, world.chaos.isEmpty, world.drivers.isEmpty,
            let plan = world.messagePlan(pair), plan.kind == .datagrams,
            plan.requests == 0 || !plan.forwardsToUnix
        else { return }
        for (other, socket) in messages.sockets.prefix(number).enumerated()
        where socket.pair == pair && socket.client == client {
            // One that does not receive may have ended, and wait for its last send.
            guard socket.descriptor >= 0, let row = row(socket.descriptor),
                row.pointee.receive.isInFlight, !row.pointee.receive.isUnwanted,
                plan.requests == 0 || socket.requests < Int(plan.requests)
            else { continue }
            violate("flow \(number) is client \(client)'s, who has flow \(other)")
        }
    }
}
