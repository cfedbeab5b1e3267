package import CPelmeni

/// A datagram, or a train of equal ones, on its way out: a row of the ``OutgoingTable``.
///
/// The kernel may read all of it until its send has ended.
package struct Outgoing {
    package var message: pelmeni_outgoing
    /// Where the payload is; the row holds one lease on it.
    package var block: BlockID
    package var offset: UInt32
    package var length: UInt32
    /// Bytes of each datagram of a train but the last; 0 is a single one.
    package var segment: UInt32
    /// The leg whose socket it goes out on.
    package var leg: UInt32
    /// The session it belongs to, and part of when that began: its row may have another one since.
    package var session: UInt32
    package var generation: UInt32
    /// Sends of it that ended in an error that was not its own.
    package var retries: UInt8
    /// Towards a client rather than an upstream.
    package var isAnswer: Bool
    /// It waits for its socket to have room.
    package var awaitsRoom: Bool
    /// When it was first tried, for those that wait.
    package var since: UInt64
    /// The next row of the list this one is in: free, waiting to be sent, or to be tried again.
    package var next: UInt32
}
