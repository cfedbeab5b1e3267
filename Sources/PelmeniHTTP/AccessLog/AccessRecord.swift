internal import Glibc

/// What an access log keeps of a session: the present exchange, and memory for the parts of its
/// line behind it.
struct AccessRecord {
    /// When the request's head began, of the monotonic clock; 0 is no exchange.
    var startedAt: UInt64 = 0
    /// When the head of the response was there; 0 is not yet.
    var headAt: UInt64 = 0
    /// Bytes of bodies that were copied, beside those of links and chunks.
    var copiedRequest: UInt64 = 0
    var copiedResponse: UInt64 = 0
    /// Bytes that the links of the session had given before the bodies, or before their chunk.
    var linkedRequest: UInt64 = 0
    var linkedResponse: UInt64 = 0
    var reason: StaticString?
    /// What was wrong with an upstream's response.
    var detail: StaticString?
    /// Of the response's head; 0 before one was sent.
    var status: UInt16 = 0
    var port: UInt16 = 0
    /// The request's first line was read.
    var hasLine = false
    /// The request went to an upstream, or was to.
    var usesUpstream = false
    /// Bytes of the parts of the line.
    var requestBytes = 0
    var fieldBytes = 0
    /// Bytes behind the record for these two parts.
    var room: Int

    /// Enough for most requests.
    static let smallRoom = 1_024

    var isActive: Bool { startedAt != 0 }

    /// An exchange begins.
    mutating func begin(at now: UInt64) { startedAt = max(1, now) }

    /// An exchange is over.
    mutating func clear() {
        self = AccessRecord(port: port, room: room)
    }
}

/// A session's record; nil without an access log.
struct AccessRef: @unchecked Sendable {
    private(set) var record: UnsafeMutablePointer<AccessRecord>?

    @inline(__always)
    var isThere: Bool { record != nil }

    // MARK: Memory

    private static let stride = MemoryLayout<AccessRecord>.stride

    private static func memory(_ room: Int) -> UnsafeMutablePointer<AccessRecord> {
        let bytes = stride + AccessBounds.ownBytes + room
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: bytes, alignment: MemoryLayout<AccessRecord>.alignment)
        return memory.bindMemory(to: AccessRecord.self, capacity: 1)
    }

    /// Memory of a session that opens.
    mutating func open(port: UInt16) {
        let record = Self.memory(AccessRecord.smallRoom)
        record.initialize(to: AccessRecord(port: port, room: AccessRecord.smallRoom))
        self.record = record
    }

    /// Memory for the longest request: once a session that has one.
    ///
    /// Not inlined, so that `check-hot` names it.
    @inline(never)
    mutating func grow() {
        guard let record, record.pointee.room < AccessBounds.requestBytes else { return }
        let larger = Self.memory(AccessBounds.requestBytes)
        larger.initialize(to: record.pointee)
        larger.pointee.room = AccessBounds.requestBytes
        UnsafeMutableRawPointer(record).deallocate()
        self.record = larger
    }

    mutating func close() {
        UnsafeMutableRawPointer(record)?.deallocate()
        record = nil
    }

    /// Memory for numbers, addresses and reasons, then for the parts of a request.
    private var start: UnsafeMutablePointer<UInt8>? {
        guard let record else { return nil }
        return (UnsafeMutableRawPointer(record) + Self.stride)
            .assumingMemoryBound(to: UInt8.self)
    }

    var own: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: start, count: AccessBounds.ownBytes)
    }

    var request: UnsafeRawBufferPointer { part(0, record?.pointee.requestBytes ?? 0) }

    var fields: UnsafeRawBufferPointer {
        part(record?.pointee.requestBytes ?? 0, record?.pointee.fieldBytes ?? 0)
    }

    private func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: start.map { $0 + AccessBounds.ownBytes + offset }, count: count)
    }

    // MARK: The request

    /// Keeps what the line has of a request, valid or not.
    mutating func keep(_ octets: Octets, isJSON: Bool) {
        guard !write(octets, isJSON: isJSON) else { return }
        grow()
        _ = write(octets, isJSON: isJSON)
    }

    /// False when there is no room.
    private func write(_ octets: Octets, isJSON: Bool) -> Bool {
        guard let record, let start else { return true }
        var text = AccessText(start + AccessBounds.ownBytes, room: record.pointee.room)
        let line = AccessRequest(octets)
        line.writeLine(octets, &text, isJSON: isJSON)
        let requestBytes = text.count
        line.writeFields(octets, &text, isJSON: isJSON)
        record.pointee.hasLine = line.isWhole
        record.pointee.requestBytes = requestBytes
        record.pointee.fieldBytes = text.count &- requestBytes
        return !text.isFull
    }
}
