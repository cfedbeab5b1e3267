import CPelmeni
import Glibc
import Testing

@testable import PelmeniCore

/// One ring and a table of slots over it, driven by hand on the thread that made it. It keeps the
/// rules of a relay: an operation that ends without ``Completion/more`` is armed again, and a
/// socket is closed only when no operation of its slot is in flight.
final class RingBench {
    /// The record of a slot so far.
    struct Row {
        let slot: RingSlot
        var inFlight: Set<OperationKind> = []
        var isClosing = false
        var isListener = false
        var isPaused = false
        var isUnix = false
        /// Receives that came with descriptors.
        var withDescriptors = 0
        var limit = 16 * BlockClass.small.bytes
        var queue = SendQueue()
        /// Bytes of the stream.
        var received: [UInt8] = []
        /// The end of the stream: 0, or the error; nil so far.
        var ending: Int32?
        var datagrams: [[UInt8]] = []
        /// Errors of earlier datagrams, from the network.
        var datagramErrors: [Int32] = []
        /// What was taken out of the socket's error queue, if it has one.
        var hasErrorQueue = false
        var reports: [NetworkReports] = []
        /// Bytes sent.
        var sent = 0
        var sendError: Int32 = 0
        /// Results of sent datagrams.
        var departed: [Int32] = []
        var accepted: [Int32] = []
        /// Waits for room that have ended.
        var rooms = 0
    }

    let choice: RingChoice
    let pool: BufferPool
    let ring: any DrivenRing
    let outgoing: OutgoingTable
    var owners: [UInt32: RingSlot] = [:]
    var rows: [RingSlot: Row] = [:]
    private var fresh: UInt32 = 1
    var closed: [RingSlot: () throws -> Void] = [:]

    /// Makes a ring of this choice, and destroys it after the script.
    static func run(_ choice: RingChoice, _ script: (RingBench) throws -> Void) throws {
        let limits = PoolLimits(smallBlocks: 1024, bulkBlocks: 16, datagramBlocks: 160)
        let pool = try #require(BufferPool(limits: limits))
        // The ring releases its blocks at its end.
        defer { pool.destroy() }
        try script(RingBench(choice, pool))
    }

    private init(_ choice: RingChoice, _ pool: BufferPool, slots: Int = 1024) throws {
        self.choice = choice
        self.pool = pool
        outgoing = try #require(OutgoingTable())
        switch choice {
        case .epoll: ring = RingBox(try EpollRing(slots: slots, pool: pool))
        case .uring, .uring61, .uringNoDefer:
            ring = RingBox(try UringRing(features: choice.features, pool: pool))
        case .simulated: throw SystemError(code: EINVAL)
        }
    }

    deinit { outgoing.destroy() }

    subscript(slot: RingSlot) -> Row { rows[slot] ?? Row(slot: slot) }

    /// The ring's enters.
    var enters: UInt64 { ring.enters }

    /// Whether this ring's sockets never block.
    var isNonblocking: Bool { choice == .epoll }

    // MARK: Operations

    /// - Parameter index: a slot's number to reuse; nil is a new one.
    func attach(
        _ socket: Int32, isShared: Bool = false, isUnix: Bool = false,
        again index: RingSlot? = nil, kind: OperationKind = .receive
    ) throws -> RingSlot {
        let slot = RingSlot(
            index: index?.index ?? fresh, generation: index.map { $0.generation + 1 } ?? 0,
            socket: socket)
        if index == nil { fresh += 1 }
        let error = ring.attach(
            socket, token: slot.token(kind), isShared: isShared, isUnix: isUnix)
        guard error == 0 else { throw SystemError(code: error) }
        rows[slot] = Row(slot: slot)
        rows[slot]?.isUnix = isUnix
        return slot
    }

    func beginAccepting(_ slot: RingSlot, multishot: Bool = true) {
        begin(slot, .accept)
        rows[slot]?.isListener = true
        rows[slot]?.isPaused = false
        ring.accept(slot.socket, multishot: multishot, token: slot.token(.accept))
    }

    /// Stops accepting until the next arming; the listener stays in place.
    func pauseAccepting(_ slot: RingSlot) {
        rows[slot]?.isPaused = true
        ring.cancel(slot.token(.accept))
    }

    func receive(_ slot: RingSlot, expectsBytes: Bool = false) {
        begin(slot, .receive)
        ring.receive(
            slot.socket, limit: self[slot].limit, isUnix: self[slot].isUnix,
            expectsBytes: expectsBytes, token: slot.token(.receive))
    }

    /// Bytes that a receive is armed for at a time.
    func limit(_ slot: RingSlot, _ bytes: Int) { rows[slot]?.limit = bytes }

    /// Sends a piece, until all of it is sent.
    func send(_ slot: RingSlot, _ bytes: [UInt8]) {
        let block = pool.take(.small)
        pool.address(block).copyMemory(from: bytes, byteCount: bytes.count)
        let slice = Slice(block: block, offset: 0, length: UInt32(bytes.count))
        _ = rows[slot]?.queue.append(slice, pool: pool)
        if !isInFlight(slot, .send) { sendOn(slot) }
    }

    func sendOn(_ slot: RingSlot) {
        guard let queue = rows[slot]?.queue, !queue.isEmpty else { return }
        begin(slot, .send)
        ring.send(
            slot.socket, first: queue.first, count: Int(queue.count), token: slot.token(.send))
    }

    func receiveDatagrams(_ slot: RingSlot, isUnix: Bool = false, isListener: Bool = false) {
        begin(slot, .receiveDatagrams)
        owners[slot.index] = slot
        kinds[slot] = (isUnix, isListener)
        ring.receiveDatagrams(
            slot.socket, isUnix: isUnix, isListener: isListener,
            token: slot.token(.receiveDatagrams))
    }

    var kinds: [RingSlot: (isUnix: Bool, isListener: Bool)] = [:]
    var departures: [DatagramID: RingSlot] = [:]

    /// - Parameter name: nil for a connected socket.
    func sendDatagram(_ slot: RingSlot, _ bytes: [UInt8], to name: SocketAddress? = nil) {
        let number = outgoing.allocate()
        let row = outgoing.row(number)
        row.pointee.block = pool.take(.datagram)
        let data = pool.address(row.pointee.block)
        data.copyMemory(from: bytes, byteCount: bytes.count)
        let storage = name?.storage ?? sockaddr_storage()
        withUnsafePointer(to: storage) {
            pelmeni_outgoing_set(
                &row.pointee.message, data, bytes.count, 0, name == nil ? nil : $0,
                name?.length ?? 0, nil)
        }
        departures[number] = slot
        ring.sendDatagrams(
            slot.socket, row, token: Token(.sendDatagrams, index: number.rawValue, generation: 0))
    }

    func awaitWritable(_ slot: RingSlot) {
        begin(slot, .awaitWritable)
        ring.awaitWritable(slot.socket, slot: slot.index, token: slot.token(.awaitWritable))
    }

    /// Cancels operations in flight, then closes, then calls `onClosed`.
    func close(_ slot: RingSlot, onClosed: @escaping () throws -> Void = {}) throws {
        guard let row = rows[slot], !row.isClosing else { return }
        rows[slot]?.isClosing = true
        closed[slot] = onClosed
        for kind in row.inFlight.sorted(by: { $0.rawValue < $1.rawValue }) {
            if kind == .awaitWritable {
                ring.cancelWritable(slot.token(kind), slot: slot.index)
            } else {
                ring.cancel(slot.token(kind))
            }
        }
        try closeIfIdle(slot)
    }

    /// Closes all of them, and waits until they are closed.
    func closeAll(_ slots: [RingSlot]) throws {
        var left = slots.count
        for slot in slots { try close(slot) { left -= 1 } }
        #expect(try run { left == 0 }, "\(left) of \(slots.count) do not close")
    }

    func closeIfIdle(_ slot: RingSlot) throws {
        guard let row = rows[slot], row.isClosing, row.inFlight.isEmpty else { return }
        rows[slot]?.queue.removeAll(pool: pool)
        if owners[slot.index] == slot { owners[slot.index] = nil }
        ring.detach(slot.token(row.isListener ? .accept : .receive))
        if row.isListener {
            ring.calls.closeListener(slot.socket)
        } else {
            ring.calls.close(slot.socket)
        }
        try closed.removeValue(forKey: slot)?()
    }

    private func begin(_ slot: RingSlot, _ kind: OperationKind) {
        owners[slot.index] = slot
        rows[slot]?.inFlight.insert(kind)
    }

    func isInFlight(_ slot: RingSlot, _ kind: OperationKind) -> Bool {
        rows[slot]?.inFlight.contains(kind) == true
    }
}
