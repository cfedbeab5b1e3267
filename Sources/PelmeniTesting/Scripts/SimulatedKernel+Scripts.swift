internal import Glibc
internal import PelmeniCore

// Scripted peers: what is common to streams and datagrams.
extension SimulatedKernel {
    /// The run waits for the scripts that have to begin.
    func populateScripts() {
        guard let book = messages.scripts else { return }
        openPeers += book.unused.count
    }

    /// Gives a run its script, and its first step's patience.
    func choose(_ script: Int, _ run: Int, _ book: ScriptBook) {
        let scripts = book.runs[run].isClient ? book.plan.clients : book.plan.upstreams
        book.runs[run].script = script
        book.runs[run].steps = script < scripts.count ? scripts[script] : []
        note("\(book.runs[run].name) begins its script")
        if !book.runs[run].isClient, let place = book.unused.firstIndex(of: script) {
            // The run waits for the peer itself from now on.
            book.unused.remove(at: place)
            openPeers -= 1
        }
        awaitStep(run, book)
    }

    /// A new run; that of an upstream whose script is clear has begun.
    func createRun(_ client: Int?, _ book: ScriptBook) -> Int {
        let run = book.runs.count
        book.runs.append(ScriptRun(isClient: client != nil))
        if let client {
            choose(client, run, book)
        } else if book.plan.upstreams.count <= 1 {
            choose(0, run, book)
        }
        return run
    }

    /// The next step begins.
    func nextStep(_ run: Int, _ book: ScriptBook) {
        if let step = book.runs[run].step { note("\(book.runs[run].name): \(step) is done") }
        book.runs[run].index += 1
        book.runs[run].equal = 0
        awaitStep(run, book)
    }

    private func awaitStep(_ run: Int, _ book: ScriptBook) {
        var from = clock
        if case .pause(let time)? = book.runs[run].step?.action { from += time }
        events.add(
            .scriptWaits, at: from + max(1, book.plan.patience), number: run,
            serial: UInt32(truncatingIfNeeded: book.runs[run].index))
    }

    /// A step's patience is over.
    func scriptWaits(_ event: SimulatedEvent) {
        guard let book = messages.scripts else { return }
        guard event.number < book.runs.count else {
            guard let first = book.unused.first else { return }
            let failure = ScriptFailure(
                seed: book.seed, reason: "no connection or message has begun this script")
            return fail(
                failure, of: "upstream \(first)", 0,
                book.plan.upstreams[first].first?.description ?? "")
        }
        let run = book.runs[event.number]
        guard !run.isOver, !run.awaitsRunEnd, UInt32(truncatingIfNeeded: run.index) == event.serial
        else { return }
        failScript(event.number, run.step == nil ? "the stream does not end" : "waited too long")
    }

    /// All clients have gone: the scripts that have not begun get their time.
    func awaitUnused(_ book: ScriptBook) {
        guard !book.unused.isEmpty, book.runs.allSatisfy({ !$0.isClient || $0.isOver }) else {
            return
        }
        events.add(.scriptWaits, at: clock + max(1, book.plan.patience), number: .max)
    }

    /// All scripts are over, and the drain has begun. Sessions of datagrams have no end before the
    /// engine's stop.
    func stopScripts() {
        guard messages.areForeign, world.messages[0].listensForDatagrams else { return }
        events.add(.stop, at: clock + 1_000_000_000, number: 0)
    }

    /// The present step of a run failed.
    func failScript(_ run: Int, _ reason: String) {
        guard let book = messages.scripts, book.failure == nil, violation == nil else { return }
        let it = book.runs[run]
        var failure = ScriptFailure(seed: book.seed, reason: reason)
        if it.cameMessages.isEmpty {
            failure.received = Array(it.came.dropFirst(it.taken))
        } else if it.taken < it.cameMessages.count {
            failure.received = it.cameMessages[it.taken]
        }
        let other = it.isUndecided ? "expect a script's first bytes" : "behind the last step"
        fail(failure, of: it.name, it.index, it.step?.description ?? other)
    }

    private func fail(_ failure: ScriptFailure, of peer: String, _ index: Int, _ step: String) {
        guard let book = messages.scripts, book.failure == nil, violation == nil else { return }
        var failure = failure
        failure.peer = peer
        failure.step = index
        failure.stepText = step
        book.failure = failure
        violate("\(peer), step \(index): \(failure.reason)")
    }

    // MARK: What came

    /// Whether a step takes these bytes from the front: how many, or nil when more have to come.
    func take(_ step: PeerStep, _ came: ArraySlice<UInt8>, _ run: Int, isMessage: Bool) -> Int? {
        switch step.action {
        case .expect(let bytes):
            let part = came.prefix(bytes.count)
            let known = isMessage ? 0 : messages.scripts?.runs[run].equal ?? 0
            if let wrong = Self.firstDifference(part, bytes, from: known) {
                failScript(run, "byte \(wrong) is another one")
                return nil
            }
            if !isMessage { messages.scripts?.runs[run].equal = part.count }
            if isMessage, came.count != bytes.count {
                failScript(run, "a datagram of \(came.count) bytes instead of \(bytes.count)")
                return nil
            }
            return part.count == bytes.count ? bytes.count : nil
        case .check(let check):
            do {
                let taken = try check(Array(came))
                guard taken != nil || !isMessage else {
                    failScript(run, "the datagram is not accepted")
                    return nil
                }
                guard (0...came.count).contains(taken ?? 0) else {
                    failScript(run, "the check took \(taken ?? 0) of \(came.count) bytes")
                    return nil
                }
                return taken
            } catch {
                failScript(run, "\(error)")
                return nil
            }
        default: return nil
        }
    }

    private static func firstDifference(
        _ came: ArraySlice<UInt8>, _ wanted: [UInt8], from start: Int
    ) -> Int? {
        guard start < came.count else { return nil }
        let count = came.count - start
        let isEqual = came.withUnsafeBytes { came in
            wanted.withUnsafeBytes { wanted in
                guard let came = came.baseAddress, let wanted = wanted.baseAddress else {
                    return true
                }
                return memcmp(came + start, wanted + start, count) == 0
            }
        }
        guard !isEqual else { return nil }
        return (start..<came.count).first { came[came.startIndex + $0] != wanted[$0] }
    }
}
