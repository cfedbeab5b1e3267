// What fails backs off: upstreams and their addresses, until one takes a connection again.
extension Legs where R: ~Copyable {
    func upstreamFailed(_ session: SessionID, _ upstream: Int) {
        let row = sessions[session]
        // Lack of descriptors is not the upstream's fault.
        guard row.cause != .limit else { return }
        noteFailed(row.pair, UInt8(truncatingIfNeeded: upstream), row.cause)
    }

    /// Starts an address's backoff, unless descriptors are short, or a lookup has taken its place
    /// away since it was dialled. The first failure in a row is reported where the upstream has
    /// other addresses.
    func noteAddressFailed(
        _ session: SessionID, _ dialled: LegRow.Dialled, error: Int32 = 0
    ) {
        guard sessions[session].cause != .limit || !sessions[session].hasCause else { return }
        let row = pairs[sessions[session].pair].upstreams + Int(dialled.upstream)
        guard row.pointee.isPresent(dialled) else { return }
        let address = row.pointee.address(Int(dialled.address))
        let isNew = address.pointee.backoff.failures == 0
        address.pointee.backoff.failed(now: now)
        row.pointee.hasFailures = true
        guard isNew, row.pointee.addressCount > 1 else { return }
        events.report(
            WorkerEvent(
                kind: .addressFailed, pair: sessions[session].pair,
                upstream: dialled.upstream, address: dialled.address, error: error))
    }

    /// Starts an upstream's backoff; the first failure in a row is reported.
    func noteFailed(_ pair: PairID, _ upstream: UInt8, _ cause: EndCause, error: Int32 = 0) {
        let row = pairs[pair].upstreams + Int(upstream)
        let isNew = row.pointee.backoff.failures == 0
        row.pointee.backoff.failed(now: now)
        row.pointee.hasFailures = true
        events.report(
            WorkerEvent(
                kind: isNew ? .upstreamFailed : .upstreamFailsStill, pair: pair, cause: cause,
                upstream: upstream, error: error))
    }

    /// An upstream's leg connected, or received.
    @inline(__always)
    func noteAlive(_ leg: LegID) {
        let pair = sessions[legs[leg].session].pair
        let row = pairs[pair].upstreams + Int(legs[leg].dialled.upstream)
        // Another address may be down for as long as this one receives.
        guard row.pointee.hasFailures, row.pointee.endsBackoff(legs[leg].dialled) else { return }
        endBackoff(leg, pair)
    }

    @inline(never)
    private func endBackoff(_ leg: LegID, _ pair: PairID) {
        let row = pairs[pair].upstreams + Int(legs[leg].dialled.upstream)
        let dialled = legs[leg].dialled
        guard row.pointee.isPresent(dialled), row.pointee.succeeded(Int(dialled.address))
        else { return }
        events.report(
            WorkerEvent(kind: .upstreamRecovered, pair: pair, upstream: legs[leg].dialled.upstream))
    }
}
