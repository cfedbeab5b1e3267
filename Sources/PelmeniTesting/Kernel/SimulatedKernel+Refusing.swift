internal import Glibc
internal import PelmeniCore

// Listeners that refuse, as TCP listeners do after shutdown(2) with SHUT_RD, and listen again.
extension SimulatedKernel {
    func refuse(_ listener: Int32) -> Int32 {
        guard let row = refusable(listener) else { return -EBADF }
        guard !row.pointee.isRefusing else {
            violate("listener \(listener) refuses already")
            return -ENOTCONN
        }
        if row.pointee.accept.isInFlight {
            violate("listener \(listener) refuses under an accept")
        }
        note("listener \(listener) refuses")
        hit(.listenerRefuses)
        row.pointee.isRefusing = true
        resetBacklog(row.pointee.number)
        return 0
    }

    func listenAgain(_ listener: Int32) -> Int32 {
        guard let row = refusable(listener) else { return -EBADF }
        if !row.pointee.isRefusing { violate("listener \(listener) listens already") }
        note("listener \(listener) listens again")
        hit(.listenerListens)
        row.pointee.isRefusing = false
        return 0
    }

    private func refusable(_ listener: Int32) -> UnsafeMutablePointer<SimulatedSocket>? {
        guard let row = row(listener) else { return nil }
        guard row.pointee.kind == .listener, !world.listensOnUnix(row.pointee.number) else {
            violate("descriptor \(listener) cannot refuse, and listen again")
            return nil
        }
        return row
    }

    func resetBacklog(_ plan: Int) {
        for number in backlogs[plan] { abort(number) }
        backlogs[plan] = []
    }

    /// Whether a client finds no listener. Where there will be one again, half of them come back.
    func isRefused(_ number: Int) -> Bool {
        let plan = peers[number].plan
        let index = Int(listeners[plan] - Self.firstDescriptor)
        if listeners[plan] >= 0, sockets[index].kind == .listener {
            guard sockets[index].isRefusing else { return false }
            hit(.clientRefused)
            if random.chance(0x8000) {
                events.add(.clientComes, at: time + 1_500_000_000, number: number)
                return true
            }
        }
        note("\(Self.name(peers[number])) is refused")
        peers[number].seenEnd = .refused
        connectionWent(number)
        finish(number)
        return true
    }
}
