internal import CPelmeni

/// The driver of one side of a pair.
package struct DriverPlan: Sendable {
    package var table: DriverTable
    /// Its socket, where that is one of datagrams.
    package var socket = SocketRequest()

    package init(_ table: DriverTable) { self.table = table }

    /// Asks the driver for its socket.
    package mutating func initialize() throws { try table.initialize(&socket) }
}

/// The drivers of a pair.
package struct DriverPlans: Sendable {
    package var ofServer: DriverPlan?
    package var ofClient: DriverPlan?
    /// One that speaks with both sides; there is no other then.
    package var ofPair: PairDriverTable?

    package init(
        ofServer: DriverPlan? = nil, ofClient: DriverPlan? = nil, ofPair: PairDriverTable? = nil
    ) {
        self.ofServer = ofServer
        self.ofClient = ofClient
        self.ofPair = ofPair
    }

    package var isEmpty: Bool { !areOfSides && ofPair == nil }
    var areOfSides: Bool { ofServer != nil || ofClient != nil }
}

extension HookPlan {
    /// Notes the pair's drivers.
    package mutating func attach(_ drivers: DriverPlans) {
        driven = []
        isPairDriven = drivers.ofPair != nil
        if let driver = drivers.ofPair { driverNames[0] = driver.name }
        dialsOnDemand =
            drivers.ofServer?.table.dials ?? false || drivers.ofClient?.table.dials ?? false
        if let driver = drivers.ofServer {
            driven.insert(.client)
            driverNames[0] = driver.table.name
            listenerSocket = driver.socket.kind
        }
        if let driver = drivers.ofClient {
            driven.insert(.upstream)
            driverNames[1] = driver.table.name
            upstreamSocket = driver.socket.kind
        }
    }
}

/// A session's driver of one side.
typealias DriverID = RowID<RowTableName.Drivers>

extension RowID where Table == RowTableName.Drivers {
    @inline(__always)
    init(_ session: SessionID, ofClient: Bool) {
        self.init(session.rawValue &* 2 &+ (ofClient ? 0 : 1))
    }

    @inline(__always)
    var session: SessionID { SessionID(rawValue / 2) }
    /// It speaks with the client.
    @inline(__always)
    var isOfClient: Bool { rawValue % 2 == 0 }
    /// The driver of the other side, if there is one.
    @inline(__always)
    var other: DriverID { DriverID(rawValue ^ 1) }
    /// The direction of what it delivers.
    @inline(__always)
    var deliversToClient: Bool { !isOfClient }
}

/// A session's part of its driver; the driver's state lies behind it.
struct DriverRow {
    /// Bytes that a driver may leave untaken, at most: what a bulk block holds.
    static var restMax: Int { 256 << 10 }

    /// Events that wait for the driver's turn.
    struct Events: OptionSet {
        let rawValue: UInt16

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
        /// The other side's end is delivered once hooks have answered.
        static let deliversEnd = Events(rawValue: 1 << 7)
        // Of a driver that dials.
        static let connected = Events(rawValue: 1 << 8)
        static let unreachable = Events(rawValue: 1 << 9)
        static let draining = Events(rawValue: 1 << 10)
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
    /// The driver has ended the other side's stream: it delivers no more.
    var hasDeliveredEnd = false
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

    // Of a driver that dials.
    var dialling = DriverDialling()
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
    let dials: Bool

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
        dials = plan.table.dials
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

/// A driver's link in the queue of drivers.
struct DriverLink: QueuedRow {
    typealias Table = RowTableName.Drivers

    var next: DriverID = .none
}

/// A worker's drivers: their calls, and the queue of drivers with events.
struct DriverRunner {
    private let places: UnsafeMutablePointer<DriverPlace?>?
    private let placeCount: Int
    private let links: RowSlab<DriverLink>
    let call: UnsafeMutablePointer<DriverCall>
    private var waiting = RowQueue<DriverLink>()

    /// Nil when memory runs out.
    ///
    /// - Parameter plans: for each pair, or none at all.
    init?(_ plans: [DriverPlans], hooks: HookMemory, sessions: Int) {
        guard let links = RowSlab<DriverLink>(capacity: 2 * sessions) else { return nil }
        self.links = links
        call = DriverCall.create(hooks.call)
        placeCount = 2 * plans.count
        guard plans.contains(where: \.areOfSides) else {
            places = nil
            return
        }
        let places = UnsafeMutablePointer<DriverPlace?>.allocate(capacity: placeCount)
        places.initialize(repeating: nil, count: placeCount)
        for (pair, plan) in plans.enumerated() {
            for (side, driver) in [plan.ofServer, plan.ofClient].enumerated() {
                guard let driver else { continue }
                guard let place = DriverPlace(driver, sessions: sessions) else { return nil }
                places[2 * pair + side] = place
            }
        }
        self.places = places
    }

    func destroy() {
        if let places {
            for index in 0..<placeCount { places[index]?.destroy() }
            places.deallocate()
        }
        DriverCall.destroy(call)
        links.destroy()
    }

    /// Whether any pair has a driver.
    @inline(__always)
    var areThere: Bool { places != nil }

    /// The driver of one side of a pair; nil without one.
    @inline(__always)
    func place(_ pair: PairID, ofClient: Bool) -> DriverPlace? {
        guard let places else { return nil }
        return places[2 &* Int(pair.rawValue) &+ (ofClient ? 0 : 1)]
    }

    // MARK: The queue

    /// Drivers that wait for their turn.
    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    mutating func append(_ driver: DriverID) { waiting.append(driver, links.rows) }
    mutating func popFirst() -> DriverID { waiting.popFirst(links.rows) }
    mutating func remove(_ driver: DriverID) { waiting.remove(driver, links.rows) }

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

    /// The tag of a datagram's session, or nil to drop it. The row's lease is lent.
    @inline(never)
    func openTag(_ place: DriverPlace, _ row: inout BufferRow) -> UInt64? {
        var tag: UInt64 = 0
        let buffer = Buffer(row)
        let isTaken = place.table._withUnsafeGuaranteedRef { $0.tag(buffer, &tag) }
        row = buffer.takeRow()
        return isTaken ? tag : nil
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
