/// One upstream of a pair, in one worker: its addresses, and its backoff after failures.
package struct Upstream: @unchecked Sendable {
    /// A name with more addresses gets its first ones: no client waits for sixteen to fail.
    package static let addressesMax = 16
    /// Upstreams of a pair: a session's record of attempts is a 64-bit word.
    package static let upstreamsMax = 64
    /// Backoff of a failed upstream, at first and at most.
    static let backoffMin: UInt64 = 1_000_000_000
    static let backoffMax: UInt64 = 30_000_000_000

    package var addresses: UnsafeMutablePointer<SocketAddress>
    package var addressCount: UInt8 = 0
    /// Failures in a row.
    package var failures: UInt8 = 0
    /// The upstream is passed over until then, while another one is not backing off.
    package var backoffUntil: UInt64 = 0
    /// Its connections without a session, the last one first.
    var parked: LegID = .none

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
