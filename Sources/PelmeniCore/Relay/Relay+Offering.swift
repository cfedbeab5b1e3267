internal import CPelmeni
internal import Glibc

// Units for a driver: they wait for its turn.
extension Relay where R: ~Copyable {
    /// Offers a message or datagrams, a train's one by one. The caller holds the block.
    mutating func offer(_ unit: Unit, to driver: DriverID) {
        guard unit.isTrain else { return offerSingle(unit, to: driver) }
        var at: UInt32 = 0
        while at < unit.length {
            let part = unit.datagram(at: at)
            offerSingle(part, to: driver)
            at &+= part.length
        }
    }

    private mutating func offerSingle(_ unit: Unit, to driver: DriverID) {
        let start = pool.address(unit.block) + Int(unit.offset)
        var bytes = BufferRow()
        if sessions[driver.session].phase == .connecting || waits(driver) {
            // The block is needed for receives while an upstream is dialled, or answers.
            let isCopied = bytes.append(
                UnsafeRawBufferPointer(start: start, count: Int(unit.length)))
            assert(isCopied, "a block is shorter than the bound of a buffer")
        } else {
            pool.lease(unit.block)
            bytes = BufferRow(
                pool, unit.block, offset: Int(unit.offset), count: Int(unit.length),
                headroom: Int(unit.headroom), tailroom: Int(unit.tailroom))
        }
        bytes.isMessage = true
        offer(bytes, to: driver, isToClient: unit.isToClient, isMessage: true)
    }

    /// Offers bytes to a driver, and takes them over.
    mutating func offer(
        _ bytes: BufferRow, to driver: DriverID, isToClient: Bool, isMessage: Bool
    ) {
        var bytes = bytes
        guard let row = row(driver) else { return bytes.releaseOnWorker() }
        // What a hook sends may come behind the end of the side that it stands for.
        let isLate = row.pointee.hasOtherEnded && isToClient == driver.isOfClient
        if isLate || row.pointee.isOver {
            if isMessage { drop(isToClient ? .surplus : .noUpstream) }
            return bytes.releaseOnWorker()
        }
        // A stream's bytes and messages are held back by its reading, datagrams are not.
        let own = ownLeg(driver)
        let isLinked = sessions[driver.session].phase == .relaying && !own.isNone
        let queued = isLinked ? legs[own].queue.bytes : 0
        let isFull =
            row.pointee.items.count >= Limits.drivenItemsMax
            || row.pointee.items.bytes &+ bytes.count &+ queued > Limits.smallHigh
        if isMessage, isFull, isOfDatagrams(driver.session, isToClient: isToClient) {
            bytes.releaseOnWorker()
            return drop(.queueFull)
        }
        row.pointee.items.append(
            HookRunner.Item(row: bytes, stage: 0, isToClient: isToClient, isMessage: isMessage))
        wake(driver)
    }

    /// Whether a message has to wait for a driver that connects on demand.
    private func waits(_ driver: DriverID) -> Bool {
        guard dialsOnDemand(driver.session), !driver.isOfClient, let row = row(driver)
        else { return false }
        return row.pointee.dialling.holds || sessions[driver.session].upstream.isNone
    }

    /// Whether the units of a direction come as datagrams.
    private func isOfDatagrams(_ session: SessionID, isToClient: Bool) -> Bool {
        let kind = sessions[session].kind
        return isToClient ? kind.forwardsDatagrams : kind.hasNamedClient
    }
}
