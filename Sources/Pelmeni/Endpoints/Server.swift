public import PelmeniCore

/// Listens, and answers through a ``Client``: together they are a pair.
///
/// A description: nothing is opened before an ``Engine`` starts it.
public protocol Server: Sendable {
    /// Where accepted bytes or datagrams go.
    var client: any Client { get }
    /// Timeouts, limits and placement of the pair.
    var options: PairOptions { get set }
    /// Where it listens. A host may be empty for all addresses, a port 0 for one the kernel
    /// chooses.
    var endpoint: Endpoint { get }
    /// Of a Unix socket's file.
    var permissions: SocketPermissions { get }
}

extension Server {
    /// Only the owner may connect.
    public var permissions: SocketPermissions { .owner }

    /// What meets at the pair. The endpoints of a client are all of one kind.
    package var kind: PairKind {
        PairKind(
            listensForDatagrams: endpoint.isDatagram,
            forwardsDatagrams: client.endpoints.first?.isDatagram ?? false, isFramed: false)
    }
}
