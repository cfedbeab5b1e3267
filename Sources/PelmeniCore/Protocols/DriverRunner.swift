internal import CPelmeni

extension HookPlan {
    /// Notes the pair's driver.
    package mutating func attach(_ driver: DriverPlan?) {
        driven = driver?.side ?? .none
        driverName = driver?.table.name ?? ""
    }
}

/// The driver of a pair.
package struct DriverPlan: Sendable {
    package var table: DriverTable
    /// The side of the pair that it drives.
    package var side: DrivenSide

    package init(_ table: DriverTable, side: DrivenSide) {
        self.table = table
        self.side = side
    }
}

/// A session's part of its driver; the driver's state lies behind it.
struct DriverRow {
    /// Bytes that a driver may leave untaken, at most: what a bulk block holds.
    static var restMax: Int { 256 << 10 }

    /// Events that wait for the driver's turn.
    struct Events: OptionSet {
        let rawValue: UInt8

        static let opened = Events(rawValue: 1 << 0)
        /// The own stream has ended, behind the rest.
        static let ended = Events(rawValue: 1 << 1)
        /// The own stream was reset, or failed, behind the rest.
        static let broken = Events(rawValue: 1 << 2)
        static let otherEnded = Events(rawValue: 1 << 3)
        static let drained = Events(rawValue: 1 << 4)
        static let timer = Events(rawValue: 1 << 5)
        /// The other side's stream was reset, behind everything that arrived.
        static let otherBroken = Events(rawValue: 1 << 6)
    }

    /// Bytes of the own stream that are not taken yet.
    var rest = BufferRow()
    /// Bytes came behind the rest since it was offered last, or the driver may take more of it.
    var isFresh = false
    /// Units of the other side, and datagrams of the own one.
    var items = ItemQueue()
    var events: Events = []
    /// The session waits for its turn.
    var isQueued = false
    /// The state was made.
    var isMade = false
    /// The driver was told that the other side has ended: nothing arrives any more.
    var hasOtherEnded = false
    /// The driver does not want its stream read.
    var isPaused = false
    var awaitsDrained = false
    /// The session is finished with this cause once what is on its way has gone out.
    var endsWith: EndCause?
    /// The driver said so, and is called no more. Else a hook did, whose reply the driver sends:
    /// then no further unit crosses the session.
    var isOver = false
    var isFinishedByHook: Bool { endsWith != nil && !isOver }
    /// The socket's receive told that more is there.
    var expectsBytes = false
    /// When the timer fires; 0 is never.
    var timerAt: UInt64 = 0
}

/// The driver of a pair in one worker, and a row for each of its sessions. Stable memory.
struct DriverPlace {
    let table: Unmanaged<DriverTable>
    private let rows: UnsafeMutableRawPointer
    private let rowBytes: Int
    private let rowCount: Int
    private let stateOffset: Int
    let restMax: Int
    let carries: Cargo

    /// Nil when memory runs out.
    init?(_ plan: DriverPlan, sessions: Int) {
        let alignment = max(plan.table.alignment, MemoryLayout<DriverRow>.alignment)
        let begin = MemoryLayout<DriverRow>.stride
        stateOffset =
            (begin + plan.table.alignment - 1) / plan.table.alignment
            * plan.table.alignment
        rowBytes = (stateOffset + plan.table.size + alignment - 1) / alignment * alignment
        rowCount = sessions
        guard let rows = pelmeni_memory_map(UInt64(rowBytes * sessions)) else { return nil }
        self.rows = rows
        table = .passRetained(plan.table)
        restMax = plan.table.restMax
        carries = plan.table.carries
    }

    func destroy() {
        table.release()
        pelmeni_memory_unmap(rows, UInt64(rowBytes * rowCount))
    }

    @inline(__always)
    func row(_ session: SessionID) -> UnsafeMutablePointer<DriverRow> {
        (rows + Int(session.rawValue) &* rowBytes).assumingMemoryBound(to: DriverRow.self)
    }

    @inline(__always)
    func state(_ session: SessionID) -> UnsafeMutableRawPointer {
        rows + Int(session.rawValue) &* rowBytes + stateOffset
    }
}

/// A session's link in the queue of drivers.
struct DriverLink: QueuedRow {
    typealias Table = RowTableName.Sessions

    var next: SessionID = .none
}

/// Calls of a worker's drivers, and the sessions whose drivers have something to see.
struct DriverRunner {
    private let places: UnsafeMutablePointer<DriverPlace?>?
    private let placeCount: Int
    private let links: RowSlab<DriverLink>
    let call: UnsafeMutablePointer<DriverCall>
    private var waiting = RowQueue<DriverLink>()

    /// Nil when memory runs out.
    ///
    /// - Parameter plans: one for each pair, or none at all.
    init?(_ plans: [DriverPlan?], hooks: HookMemory, sessions: Int) {
        guard let links = RowSlab<DriverLink>(capacity: sessions) else { return nil }
        self.links = links
        call = DriverCall.create(hooks.call)
        placeCount = plans.count
        guard plans.contains(where: { $0 != nil }) else {
            places = nil
            return
        }
        let places = UnsafeMutablePointer<DriverPlace?>.allocate(capacity: placeCount)
        for (pair, plan) in plans.enumerated() {
            guard let driver = plan else {
                (places + pair).initialize(to: nil)
                continue
            }
            guard let place = DriverPlace(driver, sessions: sessions) else { return nil }
            (places + pair).initialize(to: place)
        }
        self.places = places
    }

    func destroy() {
        if let places {
            for pair in 0..<placeCount { places[pair]?.destroy() }
            places.deallocate()
        }
        DriverCall.destroy(call)
        links.destroy()
    }

    /// Whether a pair has a driver.
    @inline(__always)
    var areThere: Bool { places != nil }

    func place(_ pair: PairID) -> DriverPlace? {
        guard let places else { return nil }
        return places[Int(pair.rawValue)]
    }

    // MARK: The queue

    /// Sessions that wait for their turn.
    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    mutating func append(_ session: SessionID) { waiting.append(session, links.rows) }
    mutating func popFirst() -> SessionID { waiting.popFirst(links.rows) }
    mutating func remove(_ session: SessionID) { waiting.remove(session, links.rows) }

    // MARK: Calls

    /// Calls a driver with an event. False when it threw.
    ///
    /// The one place of the indirect call: not inlined, so that `check-hot` names it.
    @inline(never)
    func call(
        _ place: DriverPlace, _ session: SessionID, _ event: DriverEvent, _ row: inout BufferRow
    ) -> Bool {
        let pool = row.pool
        var buffer = Buffer(row)
        let context = Context(call)
        let isFine = place.table._withUnsafeGuaranteedRef {
            $0.call(event.rawValue, place.state(session), &buffer, context)
        }
        row = buffer.takeRow()
        if row.pool != pool { row.takeOver() }
        return isFine
    }

    @inline(never)
    func open(_ place: DriverPlace, _ session: SessionID) -> Bool {
        let context = Context(call)
        return place.table._withUnsafeGuaranteedRef { $0.make(place.state(session), context) }
    }

    @inline(never)
    func close(_ place: DriverPlace, _ session: SessionID, _ cause: EndCause) {
        call.pointee.isClosing = true
        let context = Context(call)
        place.table._withUnsafeGuaranteedRef { $0.close(place.state(session), cause, context) }
        call.pointee.isClosing = false
    }
}
