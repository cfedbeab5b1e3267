internal import PelmeniCore

/// Listens, and answers through a ``Client``: together they are a pair.
///
/// A description: nothing is opened before an ``Engine`` starts it.
public protocol Server: Sendable {
    /// Where accepted bytes or datagrams go.
    var client: any Client { get }
    /// Deadlines, caps and placement of the pair.
    var options: PairOptions { get set }
    /// Where it listens. A host may be empty for all addresses, a port 0 for one the kernel
    /// chooses.
    var listens: Destination { get }
    /// The mode of a Unix socket's file.
    var mode: UInt16 { get }
}

extension Server {
    /// Only its user may connect.
    public var mode: UInt16 { 0o600 }

    /// What meets at the pair. The destinations of a client are all of one kind.
    package var kind: PairKind {
        PairKind(
            listensForDatagrams: listens.place.isDatagram,
            forwardsDatagrams: client.destinations.first?.place.isDatagram ?? false)
    }
}
