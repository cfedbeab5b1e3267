internal import CPelmeni

/// The datagrams of one worker that are on their way out. A handle: copies mean the same rows.
package struct OutgoingTable: @unchecked Sendable {
    /// Rows, so datagrams or trains at once. Each goes out within its loop, and the relay bounds
    /// both what a loop makes and those that wait; answers to all clients of a listener may take
    /// half.
    package static let capacity = 16384

    package typealias Rows = RowTable<RowTableName.Datagrams, OutgoingDatagram>

    private struct State {
        var free: DatagramID
        /// Rows never used so far begin here, so that the table costs no memory until it is filled.
        var fresh: UInt32
        var used: Int
    }

    private let state: UnsafeMutablePointer<State>
    package let rows: Rows

    private static var bytes: UInt64 { UInt64(capacity * MemoryLayout<OutgoingDatagram>.stride) }

    /// Nil when there is no memory for it.
    package init?() {
        guard let memory = pelmeni_memory_map(Self.bytes) else { return nil }
        rows = Rows(memory.bindMemory(to: OutgoingDatagram.self, capacity: Self.capacity))
        state = .allocate(capacity: 1)
        state.initialize(to: State(free: .none, fresh: 0, used: 0))
    }

    /// No copy of the handle may be used after it.
    package func destroy() {
        pelmeni_memory_unmap(rows.rows, Self.bytes)
        state.deallocate()
    }

    /// A row nobody uses, or none.
    @inline(__always)
    package func allocate() -> DatagramID {
        let row = state.pointee.free
        if !row.isNone {
            state.pointee.free = self.row(row).pointee.next
            state.pointee.used &+= 1
            return row
        }
        guard state.pointee.fresh < UInt32(Self.capacity) else { return .none }
        state.pointee.fresh &+= 1
        state.pointee.used &+= 1
        return DatagramID(state.pointee.fresh &- 1)
    }

    @inline(__always)
    package func giveBack(_ row: DatagramID) {
        self.row(row).pointee.next = state.pointee.free
        state.pointee.free = row
        state.pointee.used &-= 1
    }

    @inline(__always)
    package func row(_ id: DatagramID) -> UnsafeMutablePointer<OutgoingDatagram> {
        rows.row(id)
    }

    /// Rows that may be taken.
    @inline(__always)
    package var free: Int { Self.capacity &- state.pointee.used }
    /// Rows in use.
    @inline(__always)
    package var used: Int { state.pointee.used }
}
