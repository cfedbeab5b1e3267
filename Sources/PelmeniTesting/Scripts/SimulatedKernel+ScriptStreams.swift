internal import Glibc
internal import PelmeniCore

// Scripted peers of streams. Their bytes pass the same pipes as those of all other peers.
extension SimulatedKernel {
    /// A client or an upstream's connection gets its script. False in worlds without.
    func createScript(_ peer: Int) -> Bool {
        if createPlay(peer) { return true }
        guard let book = messages.scripts else { return false }
        book.ofPeers[peer] = createRun(peers[peer].isClient ? peers[peer].number : nil, book)
        return true
    }

    /// Bytes that the engine sent to a peer. True for a scripted one.
    func takeScript(_ peer: Int, _ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofPeers[peer] else {
            return takePlay(peer, bytes, count)
        }
        book.runs[run].came += UnsafeRawBufferPointer(start: bytes, count: count)
        return true
    }

    /// Copies bytes of a peer's stream into the engine's memory. True for a scripted one.
    func copyScript(
        _ peer: Int, at position: Int, to target: UnsafeMutableRawPointer, _ count: Int
    ) -> Bool {
        guard let book = messages.scripts, let run = book.ofPeers[peer] else {
            return copyPlay(peer, at: position, to: target, count)
        }
        book.runs[run].sent.withUnsafeBytes {
            guard let base = $0.baseAddress else { return }
            memcpy(target, base + position, count)
        }
        return true
    }

    /// A peer takes its steps as far as it can, and writes. True for a scripted one.
    func writeScript(_ peer: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofPeers[peer] else {
            return writePlay(peer)
        }
        var hasMoved = true
        while hasMoved, violation == nil, peers[peer].state == .open {
            hasMoved = false
            while violation == nil, peers[peer].state == .open, takeStep(peer, run, book) {
                hasMoved = true
            }
            guard violation == nil, peers[peer].state == .open else { break }
            if push(peer, book.runs[run], book) { hasMoved = true }
        }
        return true
    }

    /// Writes waiting bytes. False when there are none, or no room.
    private func push(_ number: Int, _ run: ScriptRun, _ book: ScriptBook) -> Bool {
        let peer = peers + number
        let left = run.sent.count - peer.pointee.sent
        guard left > 0, !peer.pointee.sentEnd else { return false }
        var bytes = min(left, peer.pointee.incoming.sendRoom)
        var goesOn = false
        switch book.plan.pace {
        case .atOnce: break
        case .byChance:
            if bytes > 1, random.chance(0x8000) {
                bytes = random.between(1, bytes)
                wake(number)
            } else {
                goesOn = true
            }
        case .bytewise:
            let isRead = peer.pointee.incoming.transit == 0 && peer.pointee.incoming.unread == 0
            bytes = isRead ? min(1, bytes) : 0
        }
        guard bytes > 0 else { return false }
        peer.pointee.incoming.written += bytes
        peer.pointee.sent += bytes
        move(incoming: number)
        return goesOn || bytes == left
    }

    /// Whether the engine's reads decide when a peer writes again.
    func writesBytewise(_ peer: Int) -> Bool {
        guard let book = messages.scripts, book.ofPeers[peer] != nil else { return false }
        return book.plan.pace == .bytewise
    }

    /// Takes one step. False when it has to wait.
    private func takeStep(_ number: Int, _ run: Int, _ book: ScriptBook) -> Bool {
        let peer = peers[number]
        let it = book.runs[run]
        guard !it.isOver else { return false }
        let came = it.came[it.taken..<max(it.taken, min(it.came.count, peer.outgoing.read))]
        guard !it.isUndecided else { return decide(number, run, came, book) }
        guard let step = it.step else { return endScript(number, run, came, book) }
        switch step.action {
        case .send(let bytes): book.runs[run].sent += bytes
        case .expect, .check:
            guard let taken = take(step, came, run, isMessage: false) else {
                if violation == nil { checkSeen(peer.seenEnd, run) }
                return false
            }
            book.runs[run].taken += taken
        case .end:
            guard peer.sent == it.sent.count else { return false }
            endByScript(number)
        case .expectEnd:
            guard came.isEmpty else {
                failScript(run, "bytes came before the end")
                return false
            }
            guard peer.seenEnd == .clean else {
                if peer.seenEnd != .none { checkSeen(peer.seenEnd, run) }
                return false
            }
        case .reset:
            guard peer.sent == it.sent.count else { return false }
            book.runs[run].isOver = true
            resetByPeer(number)
            awaitUnused(book)
            return true
        case .expectReset:
            guard peer.seenEnd == .reset else {
                if peer.seenEnd != .none { checkSeen(peer.seenEnd, run) }
                return false
            }
            book.runs[run].isOver = true
            awaitUnused(book)
            return true
        case .pause(let time):
            guard it.pausedUntil > 0 else {
                book.runs[run].pausedUntil = clock + time
                peers[number].readsFrom = clock + time
                events.add(.step, at: clock + time, number: number)
                return false
            }
            guard clock >= it.pausedUntil else { return false }
            book.runs[run].pausedUntil = 0
        }
        nextStep(run, book)
        return true
    }

    /// The first bytes of an upstream's connection tell its script.
    private func decide(
        _ number: Int, _ run: Int, _ came: ArraySlice<UInt8>, _ book: ScriptBook
    ) -> Bool {
        guard !came.isEmpty else {
            // A connection that nobody used.
            guard peers[number].seenEnd == .clean else { return false }
            book.runs[run].isOver = true
            endByScript(number)
            return true
        }
        switch book.choice(for: came, isMessage: false) {
        case .one(let script): choose(script, run, book)
        case .later:
            checkSeen(peers[number].seenEnd, run)
            return false
        case .none:
            failScript(run, "no script is left that begins with these bytes")
            return false
        }
        return true
    }

    /// Behind the last step: the ends, and no byte more.
    private func endScript(
        _ number: Int, _ run: Int, _ came: ArraySlice<UInt8>, _ book: ScriptBook
    ) -> Bool {
        let peer = peers[number]
        let it = book.runs[run]
        guard came.isEmpty else {
            failScript(run, "bytes came beyond the script")
            return false
        }
        if !peer.sentEnd, peer.sent == it.sent.count, it.isClient || peer.seenEnd == .clean {
            endByScript(number)
        }
        let isReset = peer.seenEnd == .reset
        guard (peer.seenEnd == .clean && peers[number].sentEnd) || (isReset && it.awaitsRunEnd)
        else {
            if isReset { checkSeen(.reset, run) }
            if !it.awaitsRunEnd, !it.isClient, peer.sent == it.sent.count,
                world.messages[0].listensForDatagrams
            {
                book.runs[run].awaitsRunEnd = true
                messages.waitingUpstreams += 1
                drainWhenOver()
            }
            return false
        }
        book.runs[run].isOver = true
        awaitUnused(book)
        return true
    }

    private func endByScript(_ number: Int) {
        let peer = peers + number
        guard !peer.pointee.sentEnd else { return }
        note("\(Self.name(peer.pointee)) ends its stream after \(peer.pointee.sent) bytes")
        peer.pointee.sentEnd = true
        peer.pointee.incoming.endWritten = true
        move(incoming: number)
    }

    /// A step waits for what will not come any more.
    private func checkSeen(_ end: FlowResult.End, _ run: Int) {
        switch end {
        case .none: break
        case .clean: failScript(run, "the end of the stream came")
        case .reset: failScript(run, "a reset came")
        default: failScript(run, "the connection was refused")
        }
    }

    /// Whether a peer's script allows that the peer goes.
    func mayFinish(_ peer: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofPeers[peer] else { return true }
        return book.runs[run].isOver
    }

    /// Whether a peer's script is over, and its stream has no end of its own.
    func awaitsRunEnd(_ peer: Int) -> Bool {
        guard let book = messages.scripts, let run = book.ofPeers[peer] else {
            return playAwaitsRunEnd(peer)
        }
        return book.runs[run].awaitsRunEnd
    }

    /// A peer's connection is gone: what its script still waits for does not come.
    func connectionWent(_ peer: Int) {
        playWent(peer)
        guard let book = messages.scripts, let run = book.ofPeers[peer], !book.runs[run].isOver
        else { return }
        // All bytes in its kernel are read at once.
        peers[peer].outgoing.read = peers[peer].outgoing.arrived
        book.runs[run].pausedUntil = book.runs[run].pausedUntil > 0 ? 1 : 0
        while violation == nil, !book.runs[run].isOver, takeStep(peer, run, book) {}
        guard violation == nil, !book.runs[run].isOver else { return }
        guard !book.runs[run].isUndecided else { return }
        checkSeen(peers[peer].seenEnd, run)
    }
}
