internal import CPelmeni
internal import Glibc

// The sockets in the poller: each slot's from its attach until its detach.
extension EpollRing {
    package mutating func attach(
        _ socket: Int32, token: Token, isShared: Bool, isUnix: Bool
    ) -> Int32 {
        let row = rows + Int(token.index)
        let queued: Readiness.Flags = row.pointee.flags.intersection(.queued)
        let next = row.pointee.next
        row.pointee = Readiness()
        row.pointee.socket = socket
        row.pointee.generation = token.generation
        row.pointee.flags = isShared ? [.attached, .shared] : [.attached, .writable]
        row.pointee.flags.formUnion(queued)
        if isUnix { row.pointee.flags.formUnion([.unix, .stopsShort]) }
        row.pointee.next = next
        row.pointee.callsLeft = Self.acceptBudget
        // An eventfd is level-triggered too: with edges, each read of it would be one.
        let isLevel = isShared || token.kind == .wake
        return pelmeni_poll_add(poller, socket, token.rawValue, isLevel ? 1 : 0)
    }

    @inline(__always)
    package mutating func detach(_ token: Token) {
        let row = rows + Int(token.index)
        guard row.pointee.flags.contains(.attached), row.pointee.generation == token.generation
        else { return }
        // A level-triggered socket that stays open under another descriptor would wake every wait.
        // The poller identifies it by this descriptor, which may be another socket's after the
        // close.
        if row.pointee.flags.contains(.shared), !row.pointee.flags.contains(.unpolled) {
            _ = pelmeni_poll_remove(poller, row.pointee.socket)
        }
        row.pointee.flags = row.pointee.flags.intersection(.queued)
        row.pointee.socket = -1
    }

    /// The token of a slot in the poller's events, which are of no operation.
    @inline(__always)
    func pollToken(_ slot: UInt32) -> UInt64 { token(slot, .unused).rawValue }

    @inline(never)
    mutating func attachAgain(_ token: Token) {
        let row = rows + Int(token.index)
        row.pointee.flags.remove(.unpolled)
        _ = pelmeni_poll_add(poller, row.pointee.socket, pollToken(token.index), 1)
    }

    /// A level-triggered socket that no operation reads would wake every wait: take it out of the
    /// poller.
    @inline(never)
    mutating func unpoll(_ slot: UInt32) -> Completion? {
        let row = rows + Int(slot)
        row.pointee.flags.insert(.unpolled)
        row.pointee.flags.remove(.readable)
        _ = pelmeni_poll_remove(poller, row.pointee.socket)
        return nil
    }
}
