// Work that the driver of a pair has begun: tasks, which answer on the way of asynchronous hooks.
extension Relay where R: ~Copyable {
    /// Cancels work that has not returned.
    ///
    /// - Parameter token: the work in its place; 0 is none.
    func replacePairTask(
        _ session: SessionID, _ side: PairSide, _ place: PairDriverPlace, by token: UInt64
    ) {
        let row = place.row(session)
        let earlier = side == .client ? row.pointee.clientTask : row.pointee.upstreamTask
        if side == .client {
            row.pointee.clientTask = token
        } else {
            row.pointee.upstreamTask = token
        }
        if earlier != 0 { PairTask.end(earlier) }
    }

    /// Work has returned. That of another session in the same row, or one that was replaced, is
    /// none of this one's.
    mutating func pairTaskReturned(_ number: UInt64) {
        let session = ParkedCall.session(number)
        let side: PairSide = ParkedCall.isToClient(number) ? .upstream : .client
        guard isOpen(session), let place = pairPlace(session) else { return }
        let row = place.row(session)
        let token = side == .client ? row.pointee.clientTask : row.pointee.upstreamTask
        guard PairTask.number(token) == number else { return }
        replacePairTask(session, side, place, by: 0)
        row.pointee.events.insert(side == .client ? .clientFinished : .upstreamFinished)
        wakePair(session)
    }
}
