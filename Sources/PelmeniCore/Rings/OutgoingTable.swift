internal import CPelmeni

/// The datagrams of one worker that are on their way out. A handle: copies mean the same rows.
package struct OutgoingTable: @unchecked Sendable {
    /// Rows, so datagrams or trains at once. Each goes out within its loop, and the relay bounds
    /// both what a loop makes and those that wait; answers to all clients of a listener may take
    /// half.
    package static let capacity = 16384

    private struct State {
        var free: UInt32
        /// Rows never used so far begin here, so that the table costs no memory until it is filled.
        var fresh: UInt32
        var used: Int
    }

    private let state: UnsafeMutablePointer<State>
    private let rows: UnsafeMutablePointer<OutgoingDatagram>

    private static var bytes: UInt64 { UInt64(capacity * MemoryLayout<OutgoingDatagram>.stride) }

    /// Nil when there is no memory for it.
    package init?() {
        guard let memory = pelmeni_memory_map(Self.bytes) else { return nil }
        rows = memory.bindMemory(to: OutgoingDatagram.self, capacity: Self.capacity)
        state = .allocate(capacity: 1)
        state.initialize(to: State(free: .max, fresh: 0, used: 0))
    }

    /// No copy of the handle may be used after it.
    package func destroy() {
        pelmeni_memory_unmap(rows, Self.bytes)
        state.deallocate()
    }

    /// A row nobody uses, or `UInt32.max`.
    @inline(__always)
    package func take() -> UInt32 {
        let row = state.pointee.free
        if row != .max {
            state.pointee.free = rows[Int(row)].next
        } else {
            guard state.pointee.fresh < UInt32(Self.capacity) else { return .max }
            state.pointee.fresh &+= 1
        }
        state.pointee.used &+= 1
        return row != .max ? row : state.pointee.fresh &- 1
    }

    @inline(__always)
    package func giveBack(_ row: UInt32) {
        rows[Int(row)].next = state.pointee.free
        state.pointee.free = row
        state.pointee.used &-= 1
    }

    @inline(__always)
    package func row(_ index: UInt32) -> UnsafeMutablePointer<OutgoingDatagram> {
        rows + Int(index)
    }

    /// Rows that may be taken.
    @inline(__always)
    package var free: Int { Self.capacity &- state.pointee.used }
    /// Rows in use.
    @inline(__always)
    package var used: Int { state.pointee.used }
}
