public import PelmeniCore
public import PelmeniRuntime

/// A ``Server`` whose sessions speak with their client and their upstreams by a ``PairDriver``.
///
/// Both sides are streams: TCP or Unix. The driver dials the endpoints of the client when it wants
/// one, parks connections between sessions, and links sides for bytes that it need not see.
public struct DrivenPair<Driver: PairDriver>: Server {
    private let speaker: Driver
    /// The endpoints that the driver may connect to.
    public let client: any Client
    /// Timeouts, limits and placement of the pair.
    public var options: PairOptions
    /// Hooks have no moment here: the driver takes all bytes.
    public var hooks: [HookTable] = []
    /// What a TCP listener does with clients while no upstream takes connections.
    public var whenDown = WhenDown.accept
    /// The listening endpoint.
    public let endpoint: Endpoint

    /// - Parameters:
    ///   - driver: one for all sessions; each has a state of its own.
    ///   - client: the endpoints that the driver may connect to.
    ///   - endpoint: what is listened on.
    ///   - options: everything else.
    public init(
        _ driver: Driver, _ client: any Client, listen endpoint: Endpoint,
        options: PairOptions = PairOptions()
    ) {
        speaker = driver
        self.client = client
        self.endpoint = endpoint
        self.options = options
    }

    /// The protocol, ready to be called by workers.
    public var pairDriver: PairDriverTable? { PairDriverTable(speaker) }
}
