// Work that the driver of a pair has begun: tasks, which answer on the way of asynchronous hooks.
extension Relay where R: ~Copyable {
    /// Cancels work that has not returned.
    ///
    /// - Parameter token: the work in its place; 0 is none.
    func replacePairTask(_ session: SessionID, _ side: PairSide, by token: UInt64) {
        let earlier = pairTask(session, side)
        guard earlier != token, let chain = chain(of: session) else { return }
        let later = laterRow(chain.pointee.row(session), chain)
        if side == .client {
            later.pointee.clientTask = token
        } else {
            later.pointee.upstreamTask = token
        }
        if earlier != 0 { PairTask.end(earlier) }
    }

    /// The work of a side; 0 is none.
    private func pairTask(_ session: SessionID, _ side: PairSide) -> UInt64 {
        guard let later = chain(of: session)?.pointee.row(session).pointee.later else { return 0 }
        return side == .client ? later.pointee.clientTask : later.pointee.upstreamTask
    }

    /// Work has returned. That of another session in the same row, or one that was replaced, is
    /// none of this one's.
    mutating func pairTaskReturned(_ number: UInt64) {
        let session = ParkedCall.session(number)
        let side: PairSide = ParkedCall.isToClient(number) ? .upstream : .client
        guard isOpen(session), let place = pairPlace(session),
            PairTask.number(pairTask(session, side)) == number
        else { return }
        replacePairTask(session, side, by: 0)
        place.row(session).pointee.events.insert(
            side == .client ? .clientFinished : .upstreamFinished)
        wakePair(session)
    }
}
