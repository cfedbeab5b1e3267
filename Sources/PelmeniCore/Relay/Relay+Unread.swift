// Answers that Unix clients have not read. All of them count against the one send buffer of the
// listener that they leave by (unix(7)), and a client that has connected its socket to the listener
// has no queue that would be full before.
extension Relay where R: ~Copyable {
    /// Adds an answer to what its client has not read. False when that would be more than the
    /// client's share of the send buffer: the answer waits.
    ///
    /// The kernel tells the sum of all clients only. A client's part is at most what it was sent
    /// since that sum was last asked for, and at most what the sum leaves beside the clients that
    /// wait for their share. Nobody waits while the sum is below half of the buffer.
    mutating func takeShare(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index)
        guard isOf(index) else { return true }
        let state = states.row(row.pointee.session)
        let pair = pairs.row(sessions[row.pointee.session].pair)
        let memory = Self.memory(ofAnswer: Int(row.pointee.length))
        guard state.pointee.unread &+ memory > pair.pointee.responseShare else {
            state.pointee.unread &+= memory
            return true
        }
        pair.pointee.responsesHeld &-= state.pointee.held
        state.pointee.held = 0
        let all = Int(legs.calls.outstanding(legs[row.pointee.leg].socket))
        let most = max(0, all &- pair.pointee.responsesHeld)
        state.pointee.unread = min(state.pointee.unread, most)
        guard
            state.pointee.unread == 0
                || state.pointee.unread &+ memory <= pair.pointee.responseShare
                // Whose the rest is the kernel does not tell: below half of the buffer no client
                // waits for another one.
                || all &+ memory <= pair.pointee.responseShare &* (Limits.unreadShare / 2)
        else {
            state.pointee.held = state.pointee.unread
            pair.pointee.responsesHeld &+= state.pointee.held
            return false
        }
        state.pointee.unread &+= memory
        return true
    }

    /// At most what the kernel takes for an answer: its sizes are powers of two, and each has a
    /// head (skbuff.h).
    private static func memory(ofAnswer bytes: Int) -> Int { 2 &* bytes &+ 1024 }

    /// Whether a session's client still has not read what it was sent: the session stays, or the
    /// next one of this client would have another share.
    func isHeldByUnread(_ session: SessionID) -> Bool {
        let state = states[session]
        guard state.held > 0, !legs.isDraining else { return false }
        return Int(legs.calls.outstanding(legs[state.listener].socket)) >= state.held
    }

    func forgetUnread(_ session: SessionID) {
        pairs[sessions[session].pair].responsesHeld &-= states[session].held
        states[session].held = 0
    }
}
