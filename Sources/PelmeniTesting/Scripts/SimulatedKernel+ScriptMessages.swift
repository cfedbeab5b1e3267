internal import CPelmeni
internal import Glibc
internal import PelmeniCore

// Scripted peers of datagrams: a step is one message.
extension SimulatedKernel {
    /// The message of a datagram on its way to the engine; nil in worlds without scripts.
    func scriptMessage(_ datagram: SimulatedDatagram, from socket: Int) -> [UInt8]? {
        guard let book = messages.scripts else { return playMessage(datagram, from: socket) }
        let run = datagram.client >= 0 ? book.ofClients[datagram.client] : book.ofFlows[socket]
        return run.map { book.runs[$0].sentMessages[datagram.sequence] }
    }

    // MARK: Clients

    func createScript(ofClient row: Int, _ number: Int) {
        createPlay(ofClient: row, number)
        guard let book = messages.scripts else { return }
        book.ofClients[row] = createRun(number, book)
    }

    /// A client takes its steps. True for a scripted one.
    func stepScript(ofClient row: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofClients[row] else {
            return stepPlay(ofClient: row)
        }
        let pair = messages.clients[row].pair
        takeMessageSteps(run, book) { [self] sequence in
            arriveAtProxy(
                SimulatedDatagram(client: row, sequence: sequence, count: 1, arrivedAt: clock),
                listeners[pair])
        } again: { [self] time in
            events.add(.datagramClient, at: time, number: row)
        }
        if book.runs[run].isOver { messages.clients[row].hasEnded = true }
        return true
    }

    /// A message came to a client. True for a scripted one.
    func takeScript(ofClient row: Int, _ bytes: UnsafeRawPointer, _ length: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofClients[row] else {
            return takePlay(ofClient: row, bytes, length)
        }
        book.runs[run].cameMessages.append(
            Array(UnsafeRawBufferPointer(start: bytes, count: length)))
        events.add(.datagramClient, at: soon(), number: row)
        return true
    }

    // MARK: Upstreams

    func createScript(ofFlow number: Int) {
        createPlay(ofFlow: number)
        guard let book = messages.scripts else { return }
        openPeers += 1
        book.ofFlows[number] = createRun(nil, book)
        _ = stepScript(ofFlow: number)
    }

    func stepScript(ofFlow number: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofFlows[number] else {
            return stepPlay(ofFlow: number)
        }
        if book.runs[run].isUndecided, !decide(run, book) { return true }
        takeMessageSteps(run, book) { [self] sequence in
            guard messages.sockets[number].descriptor >= 0 else { return }
            arriveAtProxy(
                SimulatedDatagram(client: -1, sequence: sequence, count: 1, arrivedAt: clock),
                messages.sockets[number].descriptor)
        } again: { [self] time in
            events.add(.datagramAnswer, at: time, number: number)
        }
        return true
    }

    func takeScript(ofFlow number: Int, _ bytes: UnsafeRawPointer, _ length: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofFlows[number] else {
            return takePlay(ofFlow: number, bytes, length)
        }
        book.runs[run].cameMessages.append(
            Array(UnsafeRawBufferPointer(start: bytes, count: length)))
        events.add(.datagramAnswer, at: soon(), number: number)
        return true
    }

    /// The engine closed its socket towards an upstream.
    func flowWent(_ number: Int) {
        playFlowWent(number)
        guard let book = messages.scripts, let run = book.ofFlows[number] else { return }
        _ = stepScript(ofFlow: number)
        guard violation == nil, !book.runs[run].isOver else { return }
        guard book.runs[run].isUndecided else {
            return failScript(run, "the engine closed its socket")
        }
        book.runs[run].isOver = true
        leave(isWaitingUpstream: false)
    }

    private func decide(_ run: Int, _ book: ScriptBook) -> Bool {
        guard let first = book.runs[run].cameMessages.first else { return false }
        guard case .one(let script) = book.choice(for: first[...], isMessage: true) else {
            failScript(run, "no script is left that begins with this datagram")
            return false
        }
        choose(script, run, book)
        return true
    }

    // MARK: Steps

    /// - Parameters:
    ///   - send: sends the message of a number.
    ///   - again: asks to be called at a time.
    private func takeMessageSteps(
        _ run: Int, _ book: ScriptBook, send: (Int) -> Void, again: (UInt64) -> Void
    ) {
        while violation == nil {
            let it = book.runs[run]
            guard let step = it.step else { return endMessages(run, book) }
            switch step.action {
            case .send(let bytes):
                book.runs[run].sentMessages.append(bytes)
                nextStep(run, book)
                send(it.sentMessages.count)
                // Others go first now and then.
                if random.chance(0x8000) { return again(soon()) }
                continue
            case .pause(let time):
                guard it.pausedUntil > 0 else {
                    book.runs[run].pausedUntil = clock + time
                    return again(clock + time)
                }
                guard clock >= it.pausedUntil else { return }
                book.runs[run].pausedUntil = 0
            default:
                guard it.taken < it.cameMessages.count,
                    take(step, it.cameMessages[it.taken][...], run, isMessage: true) != nil
                else { return }
                book.runs[run].taken += 1
            }
            nextStep(run, book)
        }
    }

    private func endMessages(_ run: Int, _ book: ScriptBook) {
        let it = book.runs[run]
        guard it.taken == it.cameMessages.count else {
            return failScript(run, "a datagram came beyond the script")
        }
        guard !it.isOver else { return }
        book.runs[run].isOver = true
        leave(isWaitingUpstream: false)
        awaitUnused(book)
    }
}
