internal import PelmeniCore

// Streams that chaos hooks changed: decoded as they come, and then verified as all others.
extension SimulatedKernel {
    /// Prepares a peer whose incoming stream passes hooks.
    func expectChaos(_ number: Int) {
        let peer = peers[number]
        guard peer.plan < world.plans.count, let plan = world.chaos[peer.plan] else { return }
        let stages = plan.stagesOf(toClient: peer.isClient)
        guard !stages.isEmpty else { return }
        chaos.decoders[number] = stages.map { ChaosDecoder(isMask: $0.isAsynchronous) }
    }

    /// Verifies bytes that came to a peer.
    func verify(_ number: Int, _ bytes: UnsafeRawPointer, _ count: Int) {
        guard chaos.decoders[number] != nil else { return peers[number].reader.take(bytes, count) }
        var output = Array(UnsafeRawBufferPointer(start: bytes, count: count))
        for stage in 0..<(chaos.decoders[number]?.count ?? 0) {
            output = chaos.decoders[number]?[stage].decode(output) ?? []
        }
        output.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { peers[number].reader.take(start, bytes.count) }
        }
        if chaos.decoders[number]?.contains(where: \.isWrong) == true {
            violate("\(Self.name(peers[number])) is sent a group with a wrong sum")
        }
    }

    func isChaos(_ number: Int) -> Bool { chaos.decoders[number] != nil }

    /// Whether a hook finished the peer's session.
    func isChaosFinished(_ number: Int) -> Bool {
        chaos.decoders[number]?.contains(where: \.isFinished) ?? false
    }

    /// The engine ends a peer's stream in order: the hooks have brought their last bytes.
    func endChaos(_ number: Int) {
        guard let stages = chaos.decoders[number]?.count else { return }
        // Another address won, or the session ended before its connect.
        guard peers[number].wasRead || peers[number].outgoing.written > 0 else { return }
        var output: [UInt8] = []
        for stage in 0..<stages {
            guard var decoder = chaos.decoders[number]?[stage] else { return }
            let decoded = decoder.decode(output)
            // A hook that is over may have been the last of several; the others end with it.
            guard let rest = decoder.end() else {
                if isChaosFinished(number) { return }
                return violate(
                    "\(Self.name(peers[number])) sees an end without a hook's last bytes")
            }
            chaos.decoders[number]?[stage] = decoder
            output = decoded + rest
        }
        output.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { peers[number].reader.take(start, bytes.count) }
        }
    }

    /// What a peer's end of a hooked session saw.
    func noteChaos(_ number: Int, in result: inout FlowResult) {
        let peer = peers[number]
        guard peer.plan < world.plans.count, world.chaos[peer.plan] != nil else { return }
        result.isHooked = true
        result.isFinished = isChaosFinished(number)
        guard isChaos(number) else { return }
        let isWhole = peer.outgoing.arrived == peer.outgoing.written
        result.received =
            isWhole ? peer.reader.count : min(peer.outgoing.arrived, peer.reader.count)
        result.isInexact = !isWhole
    }

    /// Every hook that was made was told its end, and is gone.
    func judgeChaos() -> [String] {
        let books = chaos.books.pointee
        if books.begun != books.ended {
            return ["\(books.begun) calls were begun, \(books.ended) ended"]
        }
        guard books.made != books.closed || books.made != books.destroyed else { return [] }
        return [
            "\(books.made) hooks were made, \(books.closed) closed, \(books.destroyed) destroyed"
        ]
    }
}
