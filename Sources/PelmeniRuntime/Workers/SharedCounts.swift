internal import PelmeniCore

/// Counts that all workers change: open sessions of each pair, of the engine, and of its datagram
/// listeners.
final class SharedCounts: @unchecked Sendable {
    let pairs: UnsafeMutablePointer<Int64>
    let engine: UnsafeMutablePointer<Int64>
    let datagrams: UnsafeMutablePointer<Int64>

    init(pairs count: Int) {
        pairs = .allocate(capacity: max(1, count))
        pairs.initialize(repeating: 0, count: max(1, count))
        engine = .allocate(capacity: 1)
        engine.initialize(to: 0)
        datagrams = .allocate(capacity: 1)
        datagrams.initialize(to: 0)
    }

    deinit {
        pairs.deallocate()
        engine.deallocate()
        datagrams.deallocate()
    }
}
