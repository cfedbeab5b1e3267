// Unread responses of Unix clients. All count against the send buffer of their listener (unix(7)),
// and a client whose socket is connected to the listener has no queue that is full earlier.
extension Relay where R: ~Copyable {
    /// Adds a response to its client's unread ones. False when that exceeds the client's share of
    /// the send buffer: the response waits.
    ///
    /// The kernel reports only the sum of all clients. A client's part is at most the memory sent
    /// to it since the last query, and at most the sum less the parts of clients that wait for
    /// their share. No client waits while the sum is below half of the buffer.
    mutating func reserveShare(_ index: DatagramID) -> Bool {
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
                // The kernel does not report whose the rest is: below half of the buffer no client
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

    /// An upper bound of the kernel's memory for a response: its sizes are powers of two, and each
    /// has a head (skbuff.h).
    private static func memory(ofAnswer bytes: Int) -> Int { 2 &* bytes &+ 1024 }

    /// Whether the client's share is unread: its session stays, or its next one gets another share.
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
