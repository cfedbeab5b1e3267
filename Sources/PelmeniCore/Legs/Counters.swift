internal import CPelmeni

/// One worker's counters: one thread writes, any may read. They have cache lines of their own, so
/// that workers do not share lines.
package struct Counters: @unchecked Sendable {
    package enum Name: Int, CaseIterable, Sendable {
        case accepted
        case bytesToUpstream
        case bytesToClient
        case sessionsOpen
        case loops
        case enters
        case acceptPauses
        case starved
        case copiedBytes
        case connects
        case blocksLeased
        /// Bytes that went through a pipe.
        case splicedBytes
        case datagramsToUpstream
        case datagramsToClient
        /// Receives that came with descriptors.
        case descriptorsDropped
        /// Times that a listener stopped listening since no upstream was up.
        case refusals
        /// The first of one counter for each ``DropReason``.
        case drops
        /// The first of one counter for each ``EndCause``, after those of the drops.
        case causes = 27
    }

    /// Bytes: 44 counters, rounded up to whole pairs of 64-byte lines (the prefetcher takes pairs).
    static let stride = 384

    let base: UnsafeMutablePointer<UInt64>

    /// Zeroed counters for one worker. They live until ``destroy()``.
    package init() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.stride, alignment: 128)
        base = memory.initializeMemory(as: UInt64.self, repeating: 0, count: Self.stride / 8)
        precondition(Name.drops.rawValue + DropReason.allCases.count <= Name.causes.rawValue)
        precondition((Name.causes.rawValue + EndCause.allCases.count) * 8 <= Self.stride)
    }

    package func destroy() { UnsafeMutableRawPointer(base).deallocate() }

    @inline(__always)
    package func add(_ name: Name, _ amount: UInt64 = 1) {
        pelmeni_counter_add(base + name.rawValue, amount)
    }

    @inline(__always)
    package func set(_ name: Name, _ value: UInt64) {
        pelmeni_counter_set(base + name.rawValue, value)
    }

    @inline(__always)
    package func add(_ cause: EndCause) {
        pelmeni_counter_add(base + Name.causes.rawValue + Int(cause.rawValue), 1)
    }

    @inline(__always)
    package func add(_ reason: DropReason, _ count: UInt64 = 1) {
        pelmeni_counter_add(base + Name.drops.rawValue + Int(reason.rawValue), count)
    }

    package func get(_ reason: DropReason) -> UInt64 {
        pelmeni_counter_get(base + Name.drops.rawValue + Int(reason.rawValue))
    }

    package func get(_ name: Name) -> UInt64 { pelmeni_counter_get(base + name.rawValue) }

    package func get(_ cause: EndCause) -> UInt64 {
        pelmeni_counter_get(base + Name.causes.rawValue + Int(cause.rawValue))
    }
}
