internal import PelmeniCore

// Compares the engine's counts with the kernel's: every message is sent, or dropped for a reason.
extension SimulatedKernel {
    /// The faults, a line each; empty without a fault.
    func judgeMessages(_ counters: Counters) -> [String] {
        guard !world.messages.isEmpty else { return [] }
        return judgeSum(counters) + judgeReasons(counters) + judgeStreams(counters)
            + judgeEmpty() + judgeUnix(counters) + judgeDeadlines(counters)
    }

    /// Each receive with descriptors is counted, of streams as of datagrams.
    func judgeDescriptors(_ counters: Counters) -> [String] {
        let (counted, passed) = (counters.get(.descriptorsDropped), messages.books.withDescriptors)
        guard counted != passed else { return [] }
        return ["\(counted) receives with descriptors are counted, of \(passed)"]
    }

    /// Between two framed streams in a world without faults, with reading ends and enough blocks,
    /// no session has to wait for a deadline.
    func mustGoOn(_ counters: Counters) -> Bool {
        let isPlain =
            !world.messages.isEmpty
            && world.messages.allSatisfy {
                $0.kind == .framedStreams && $0.clientEnd == .atOnce && $0.upstreamStopsAfter == 0
                    && $0.turn == 0 && $0.answersAfter == 0 && $0.upstreams == [[.accepts]]
            }
        return isPlain && world.chaos.isEmpty && world.plans.isEmpty && world.healsAt == .max
            && world.stopsAt == .max
            && world.drainsAt == .max && world.faults.missedEnd == 0 && counters.get(.pool) == 0
    }

    private func judgeDeadlines(_ counters: Counters) -> [String] {
        let late = counters.get(.idle) + counters.get(.linger) + counters.get(.sendStalled)
        guard late > 0, mustGoOn(counters) else { return [] }
        return ["\(late) sessions of messages waited for a deadline"]
    }

    /// A loop cuts a bounded number of messages: between two submits come the rest of one loop and
    /// the messages of the next.
    func countOfLoop(_ number: Int, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>) {
        let socket = messages.sockets[number]
        guard let plan = world.messagePlan(socket.pair), outgoing.pointee.retries == 0,
            !world.isDriven(socket.pair),
            plan.kind == (socket.isListener ? .datagramsToStream : .streamToDatagrams)
        else { return }
        messages.sentInLoop += 1
        guard messages.sentInLoop > 2 * Limits.messagesInLoop else { return }
        violate("streams become \(messages.sentInLoop) messages in one loop")
    }

    private func judgeSum(_ counters: Counters) -> [String] {
        let books = messages.books
        let sent = Int(counters.get(.datagramsToUpstream) + counters.get(.datagramsToClient))
        let dropped = DropReason.allCases.reduce(0) { $0 + Int(counters.get($1)) }
        let parts = messages.streams.count(where: \.wasHandedPart)
        let least =
            books.received + books.late + books.refusalsLeast - chaos.books.pointee.lost
            - uncutByDrivers
        let most =
            books.received + books.lateMost + books.refusalsMost + parts
            + chaos.books.pointee.extra
        guard sent + dropped < least || sent + dropped > most else { return [] }
        let reasons = DropReason.allCases.filter { counters.get($0) > 0 }
            .map { "\($0) \(counters.get($0))" }
        return [
            "\(sent) messages were sent on and \(dropped) dropped (\(reasons)),"
                + " of \(least) to \(most): \(books)"
        ]
    }

    /// Messages that were handed to drivers whose sessions ended before they cut them: no count has
    /// them, since only a driver knows its messages.
    private var uncutByDrivers: Int {
        guard !world.drivers.isEmpty else { return 0 }
        let handed = messages.streams.reduce(0) { sum, stream in
            let side: DrivenSides = stream.isClient ? .client : .upstream
            let isDriven = world.drivers[stream.pair]?.sides.contains(side) == true
            return sum + (isDriven ? stream.framesHanded : 0)
        }
        return max(0, handed - chaos.books.pointee.cut)
    }

    private func judgeReasons(_ counters: Counters) -> [String] {
        let books = messages.books
        let drops = { (reason: DropReason) in Int(counters.get(reason)) }
        var faults: [String] = []
        if drops(.truncated) != books.cut {
            faults.append("\(drops(.truncated)) truncated of \(books.cut)")
        }
        if drops(.oversize) > books.tooLong + books.oversize {
            faults.append("\(drops(.oversize)) oversize of \(books.tooLong + books.oversize)")
        }
        if drops(.noReturnAddress) > books.lateMost + books.nameless + books.gone {
            faults.append("clients have no address")
        }
        let hadDescriptors = points[SimulatedPoint.openNoDescriptor.rawValue] == 0
        if drops(.noPort) > 0, books.failedOpens == 0, hadDescriptors {
            faults.append("\(drops(.noPort)) found no port")
        }
        return faults
    }

    /// Messages counted as sent on a stream arrived there, unless a reset destroyed them.
    private func judgeStreams(_ counters: Counters) -> [String] {
        let books = messages.books
        let sent = Int(counters.get(.datagramsToUpstream) + counters.get(.datagramsToClient))
        let onStreams = sent - books.sentToUpstream - books.sentToClient
        guard onStreams >= books.framed else {
            return ["\(onStreams) messages were counted on streams, \(books.framed) came"]
        }
        guard onStreams > books.framed else { return [] }
        for number in 0..<peerCount where peers[number].stream >= 0 {
            let peer = peers[number]
            if peer.hasReset || peer.seenEnd == .reset || peer.resetArrived { return [] }
        }
        return ["\(onStreams) messages were counted on streams, and only \(books.framed) came"]
    }

    /// Empty messages have no identity, but no more of them may arrive than were sent.
    private func judgeEmpty() -> [String] {
        for client in messages.clients {
            guard let plan = world.messagePlan(client.pair), plan.kind == .datagrams else {
                continue
            }
            var sent = 0
            for number in messages.sockets.indices {
                let socket = messages.sockets[number]
                guard !socket.isListener, socket.pair == client.pair,
                    socket.client == nil || socket.client == client.number
                else { continue }
                for sequence in 0..<socket.answers {
                    let identity = MessageContent.identity(
                        salt: world.salt, pair: client.pair, isResponse: true, sender: number,
                        sequence: sequence)
                    if MessageContent.length(identity, plan) == 0 { sent += 1 }
                }
            }
            if client.answersWithoutBytes > sent {
                let got = client.answersWithoutBytes
                return ["client \(client.number) got \(got) messages without bytes of \(sent)"]
            }
        }
        return []
    }
}
