public import PelmeniCore
public import PelmeniRuntime

/// A listener and its ``Client``: together they are a pair.
///
/// A description: nothing is opened before an ``Engine`` starts it.
public protocol Server: Sendable {
    /// The client that forwards accepted bytes or datagrams.
    var client: any Client { get }
    /// Timeouts, limits and placement of the pair.
    var options: PairOptions { get set }
    /// The listening endpoint. Its host may be empty for all addresses, its port 0 for a port that
    /// the kernel chooses.
    var endpoint: Endpoint { get }
    /// The mode of a Unix socket's file.
    var permissions: SocketPermissions { get }
    /// What the listener does with clients while no upstream takes connections.
    var whenDown: WhenDown { get }
    /// The hooks of its sessions, in the order of attachment: `[]` for none. ``hook(_:)``,
    /// ``beforeForward(_:)`` and their like add to them.
    var hooks: [HookTable] { get set }
    /// The protocol that its sessions speak with their client; nil is the endpoint's own.
    var driver: DriverTable? { get }
    /// The protocol that its sessions speak with client and upstream alike; nil for a pair whose
    /// sides have a protocol each.
    var pairDriver: PairDriverTable? { get }
}

extension Server {
    /// Only the owner may connect.
    public var permissions: SocketPermissions { .owner }
    /// Clients are accepted.
    public var whenDown: WhenDown { .accept }
    /// The endpoint's own.
    public var driver: DriverTable? { nil }
    /// None.
    public var pairDriver: PairDriverTable? { nil }

    /// The kinds of the pair's two sides. The endpoints of a client are all of one kind.
    package var kind: PairKind {
        PairKind(
            listensForDatagrams: endpoint.isDatagram,
            forwardsDatagrams: forwardsDatagrams, isFramed: isFramedBetweenStreams)
    }

    private var forwardsDatagrams: Bool { client.endpoints.first?.isDatagram ?? false }

    /// Both sides are streams, and one of them has a framing: that framing holds for both unless
    /// the other side has its own.
    private var isFramedBetweenStreams: Bool {
        guard !endpoint.isDatagram, !forwardsDatagrams else { return false }
        if options.framing != nil || client.framing != nil { return true }
        guard let far = client.driver, far.carries == .messages, pairDriver == nil
        else { return false }
        // Two protocols may cut messages from both, and one that waits for messages needs some.
        return driver?.carries == .messages || far.dials && driver == nil
    }

    /// How messages cross the pair. The numbers must have been checked: they are clamped here.
    package var messages: FramingConfiguration {
        let (near, far) = (options.framing, client.framing)
        let (nearMax, farMax) = (options.frameBytesMax, client.frameBytesMax)
        let most = FramingConfiguration.maxFrameDefault
        var messages = FramingConfiguration(
            client: StreamFraming(near ?? far ?? .u16be, maxFrame: nearMax ?? farMax ?? most),
            upstream: StreamFraming(far ?? near ?? .u16be, maxFrame: farMax ?? nearMax ?? most),
            requests: UInt32(clamping: options.requestLimit ?? 0),
            responses: UInt32(clamping: options.responseLimit ?? 0))
        messages.isBetweenStreams = isFramedBetweenStreams
        return messages
    }
}
