package import CPelmeni

/// A datagram, or a train of equal ones, on its way out: a row of the ``OutgoingTable``.
///
/// The kernel may read all of it until its send has ended.
package struct OutgoingDatagram: QueuedRow {
    package typealias Table = RowTableName.Datagrams

    package var message: pelmeni_outgoing
    /// Where the payload is; the row holds one lease on it.
    package var block: BlockID
    package var offset: UInt32
    package var length: UInt32
    /// Bytes of each datagram of a train but the last; 0 is a single one.
    package var segment: UInt32
    /// The leg whose socket it goes out on.
    package var leg: LegID
    /// The session it belongs to, and part of when that began: its row may have another one since.
    package var session: SessionID
    package var generation: UInt32
    /// Sends of it that ended in an error that was not its own.
    package var retries: UInt8
    /// Towards a client rather than an upstream.
    package var isResponse: Bool
    /// The error of a send of it that counts for an earlier one, or 0.
    package var refusal: Int32
    /// It waits for its socket to have room.
    package var awaitsRoom: Bool
    /// Whether it is in the list of answers that wait, and for what.
    package var waiting: Waiting
    /// When it was first tried, for those that wait.
    package var since: UInt64
    /// The next row of the list this one is in: free, or waiting.
    package var next: DatagramID

    /// Whether two answers go to the same client of the same session.
    package func isOfOneClient(with other: OutgoingDatagram) -> Bool {
        session == other.session && generation == other.generation && leg == other.leg
    }

    /// What an answer to a Unix client waits for.
    package enum Waiting: UInt8 {
        /// It is not in the list.
        case none
        /// For those of its client that came before it.
        case behind
        /// For its client's queue to have room.
        case forRoom
        /// For nothing: it is being sent, and keeps its place.
        case onItsWay
    }
}
