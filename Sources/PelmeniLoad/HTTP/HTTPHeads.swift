internal import Glibc

/// Finds whole heads in pieces of any size. A head that lies in one piece is not copied; the pieces
/// of another wait in the leg's own memory.
struct HTTPHeads: ~Copyable {
    /// A longer head is a fault: loads and origins write short ones, and proxies add little.
    static let bytesMax = 2048

    enum Found {
        /// All bytes belong to a head that is not complete.
        case part
        /// The head, and the number of the bytes that it took. It is valid until the leg's next
        /// piece.
        case whole(UnsafeRawBufferPointer, taken: Int)
        case tooLong
    }

    private let memory: UnsafeMutableRawPointer
    private let counts: UnsafeMutablePointer<Int>

    init(capacity: Int) {
        memory = .allocate(byteCount: max(1, capacity * Self.bytesMax), alignment: 8)
        counts = .allocate(capacity: max(1, capacity))
        counts.initialize(repeating: 0, count: max(1, capacity))
    }

    deinit {
        memory.deallocate()
        counts.deallocate()
    }

    func isMidHead(_ leg: Int) -> Bool { counts[leg] > 0 }

    /// The leg has a new connection.
    mutating func reset(_ leg: Int) { counts[leg] = 0 }

    mutating func take(_ leg: Int, _ bytes: UnsafeRawPointer, _ count: Int) -> Found {
        let held = counts[leg]
        if held == 0, let end = Self.end(bytes, count, from: 0), end <= Self.bytesMax {
            return .whole(UnsafeRawBufferPointer(start: bytes, count: end), taken: end)
        }
        let share = min(count, Self.bytesMax - held)
        let own = memory + leg * Self.bytesMax
        (own + held).copyMemory(from: bytes, byteCount: share)
        guard let end = Self.end(own, held + share, from: held) else {
            guard share == count else { return .tooLong }
            counts[leg] = held + share
            return .part
        }
        counts[leg] = 0
        return .whole(UnsafeRawBufferPointer(start: own, count: end), taken: end - held)
    }

    /// The end of the first empty line whose last byte is at `from` or behind it.
    private static func end(_ bytes: UnsafeRawPointer, _ count: Int, from: Int) -> Int? {
        var at = from
        while at < count, let found = memchr(bytes + at, 0x0a, count - at) {
            let place = UnsafeRawPointer(found) - bytes
            at = place + 1
            guard place >= 3 else { continue }
            let last = bytes.loadUnaligned(fromByteOffset: place - 3, as: UInt32.self)
            if UInt32(littleEndian: last) == 0x0a0d_0a0d { return at }
        }
        return nil
    }
}
