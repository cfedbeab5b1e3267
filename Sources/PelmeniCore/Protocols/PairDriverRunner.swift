internal import CPelmeni

/// The driver of a pair in one worker, and a row for each of its sessions. Stable memory.
struct PairDriverPlace {
    let table: Unmanaged<PairDriverTable>
    private let rows: UnsafeMutableRawPointer
    private let rowBytes: Int
    private let rowCount: Int
    private let stateOffset: Int
    let restMax: Int
    /// Where work of the driver runs.
    let executor: Unmanaged<HookExecutor>

    /// Nil when memory runs out.
    ///
    /// - Parameter executor: the watch names its jobs by it.
    init?(_ driver: PairDriverTable, sessions: Int, executor: HookExecutor) {
        let alignment = max(driver.alignment, MemoryLayout<PairDriverRow>.alignment)
        let begin = MemoryLayout<PairDriverRow>.stride
        stateOffset = (begin + driver.alignment - 1) / driver.alignment * driver.alignment
        rowBytes = (stateOffset + driver.size + alignment - 1) / alignment * alignment
        rowCount = sessions
        guard let rows = pelmeni_memory_map(UInt64(rowBytes * sessions)) else { return nil }
        self.rows = rows
        table = .passRetained(driver)
        self.executor = .passRetained(executor)
        restMax = driver.restMax
    }

    func destroy() {
        table.release()
        executor.release()
        pelmeni_memory_unmap(rows, UInt64(rowBytes * rowCount))
    }

    @inline(__always)
    func row(_ session: SessionID) -> UnsafeMutablePointer<PairDriverRow> {
        (rows + Int(session.rawValue) &* rowBytes).assumingMemoryBound(to: PairDriverRow.self)
    }

    @inline(__always)
    func side(_ session: SessionID, _ side: PairSide)
        -> UnsafeMutablePointer<PairDriverRow.Side>
    {
        let row = row(session)
        return side == .client
            ? withUnsafeMutablePointer(to: &row.pointee.client) { $0 }
            : withUnsafeMutablePointer(to: &row.pointee.upstream) { $0 }
    }

    @inline(__always)
    func state(_ session: SessionID) -> UnsafeMutableRawPointer {
        rows + Int(session.rawValue) &* rowBytes + stateOffset
    }
}

/// A session's link in the queue of drivers.
struct PairDriverLink: QueuedRow {
    typealias Table = RowTableName.Sessions

    var next: SessionID = .none
}

/// A worker's drivers of whole pairs: their calls, and the queue of sessions with events.
struct PairDriverRunner {
    private let places: UnsafeMutablePointer<PairDriverPlace?>?
    private let placeCount: Int
    private let links: RowSlab<PairDriverLink>
    /// Received bytes that drivers have not taken yet.
    var rests: RestTable
    let call: UnsafeMutablePointer<DriverCall>
    private var waiting = RowQueue<PairDriverLink>()
    /// Calls so far: a round without one ends a turn.
    private(set) var calls: UInt64 = 0
    private(set) var commandsOfLastCall = 0

    /// Nil when memory runs out.
    ///
    /// - Parameters:
    ///   - plans: for each pair, or none at all.
    ///   - call: the worker's; the runner of other drivers owns it.
    ///   - stages: for each pair, how many hooks it has.
    init?(
        _ plans: [DriverPlans], call: UnsafeMutablePointer<DriverCall>, stages: [Int],
        sessions: Int
    ) {
        guard let links = RowSlab<PairDriverLink>(capacity: sessions),
            let rests = RestTable(sessions: sessions)
        else { return nil }
        self.links = links
        self.rests = rests
        self.call = call
        placeCount = plans.count
        guard plans.contains(where: { $0.ofPair != nil }) else {
            places = nil
            return
        }
        let places = UnsafeMutablePointer<PairDriverPlace?>.allocate(capacity: placeCount)
        places.initialize(repeating: nil, count: placeCount)
        for (pair, plan) in plans.enumerated() {
            guard let driver = plan.ofPair else { continue }
            // Behind the numbers of the hooks, as the driver itself.
            let executor = HookExecutor(
                call.pointee.hook.pointee.answers.takeUnretainedValue(),
                pair: PairID(UInt16(pair)), stage: stages[pair])
            let made = PairDriverPlace(driver, sessions: sessions, executor: executor)
            guard let place = made else { return nil }
            places[pair] = place
        }
        self.places = places
    }

    func destroy() {
        if let places {
            for index in 0..<placeCount { places[index]?.destroy() }
            places.deallocate()
        }
        links.destroy()
        rests.destroy()
    }

    /// Whether any pair has such a driver.
    @inline(__always)
    var areThere: Bool { places != nil }

    @inline(__always)
    func place(_ pair: PairID) -> PairDriverPlace? {
        places.flatMap { $0[Int(pair.rawValue)] }
    }

    // MARK: The queue

    /// Sessions that wait for their turn.
    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    mutating func append(_ session: SessionID) { waiting.append(session, links.rows) }
    mutating func popFirst() -> SessionID { waiting.popFirst(links.rows) }
    mutating func remove(_ session: SessionID) { waiting.remove(session, links.rows) }

    // MARK: Calls

    mutating func noteCommands() { commandsOfLastCall = call.pointee.count }

    /// Calls a driver with an event. False when it threw.
    ///
    /// The one place of the indirect call: not inlined, so that `check-hot` names it.
    @inline(never)
    mutating func call(
        _ place: PairDriverPlace, _ session: SessionID, _ event: PairDriverEvent,
        _ row: inout BufferRow, cause: EndCause
    ) -> Bool {
        calls &+= 1
        let pool = row.pool
        var buffer = Buffer(row)
        let context = PairContext(call)
        let isFine = place.table._withUnsafeGuaranteedRef {
            $0.call(event.rawValue, place.state(session), &buffer, cause, context)
        }
        row = buffer.takeRow()
        if row.pool != pool { row.takeOver() }
        return isFine
    }

    @inline(never)
    func open(_ place: PairDriverPlace, _ session: SessionID) -> Bool {
        let context = PairContext(call)
        return place.table._withUnsafeGuaranteedRef { $0.make(place.state(session), context) }
    }

    @inline(never)
    func close(_ place: PairDriverPlace, _ session: SessionID, _ cause: EndCause) {
        call.pointee.isClosing = true
        let context = PairContext(call)
        place.table._withUnsafeGuaranteedRef { $0.close(place.state(session), cause, context) }
        call.pointee.isClosing = false
    }
}
