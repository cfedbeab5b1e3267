package import PelmeniCore
internal import Synchronization

/// Names that workers want looked up again soon: an upstream failed, and its name may have moved.
///
/// A set, not a queue: a request that waits is not made twice.
package final class LookupRequests: Sendable {
    /// An upstream of a pair.
    package struct Key: Hashable, Sendable {
        package var pair: PairID
        package var upstream: UInt16

        package init(pair: PairID, upstream: UInt16) {
            self.pair = pair
            self.upstream = upstream
        }
    }

    private let waiting = Mutex<Set<Key>>([])

    package init() {}

    package func request(_ key: Key) { waiting.withLock { _ = $0.insert(key) } }

    func take() -> Set<Key> {
        waiting.withLock { keys in
            defer { keys = [] }
            return keys
        }
    }
}
