/// The deadlines of a session, in nanoseconds; 0 is none.
package struct Deadlines: Equatable, Sendable {
    package static let second: UInt64 = 1_000_000_000

    /// Until an upstream accepts, anew for each upstream.
    package var connect: UInt64 = 5 * second
    /// Until the first byte from either side. Off: many protocols are silent for good reasons.
    package var firstByte: UInt64 = 0
    /// Without a byte in either direction.
    package var idle: UInt64 = 3600 * second
    /// Without a byte after one side has ended.
    package var linger: UInt64 = 30 * second
    /// Without a byte acknowledged by a side that has bytes waiting.
    package var stall: UInt64 = 300 * second

    package init() {}
}
