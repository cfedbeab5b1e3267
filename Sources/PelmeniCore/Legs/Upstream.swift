/// One upstream endpoint of a pair, in one worker: its addresses, and its backoff after failures.
package struct Upstream: @unchecked Sendable {
    /// A name with more addresses than this gets its first ones: nobody waits for sixteen to fail.
    package static let addressesMax = 16
    /// Upstreams that one pair may have: a session remembers the tried ones in a 64-bit word.
    package static let upstreamsMax = 64
    /// How long a failed upstream is passed over at first, and at most.
    static let backoffMin: UInt64 = 1_000_000_000
    static let backoffMax: UInt64 = 30_000_000_000

    package var addresses: UnsafeMutablePointer<SocketAddress>
    package var addressCount: UInt8 = 0
    /// Failures in a row.
    package var failures: UInt8 = 0
    /// Passed over until then, while another one is not.
    package var backoffUntil: UInt64 = 0

    /// - Parameter addresses: room for ``addressesMax``, alive as long as the worker.
    package init(addresses: UnsafeMutablePointer<SocketAddress>) { self.addresses = addresses }

    mutating func failed(now: UInt64) {
        failures = min(failures &+ 1, 6)
        backoffUntil = now &+ min(Self.backoffMax, Self.backoffMin << UInt64(failures &- 1))
    }

    mutating func succeeded() {
        failures = 0
        backoffUntil = 0
    }
}
