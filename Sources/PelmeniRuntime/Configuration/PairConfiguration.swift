package import PelmeniCore

/// The checked settings of a pair: endpoint, upstreams, limits.
package struct PairConfiguration: Sendable {
    package var endpoint: Endpoint
    package var upstreams: [Endpoint]
    package var names = NameUse()
    package var deadlines: Deadlines
    package var options: SocketOptions
    /// Sessions at once; 0 is the engine's limit alone.
    package var sessionsMax: Int
    /// Workers that serve the pair; nil is all.
    package var workers: [Int]?
    /// The mode of a Unix socket's file.
    package var mode: UInt16
    /// How messages cross the pair, if they do.
    package var messages: FramingConfiguration
    package var datagramOptions: DatagramOptions
    /// The listener and the groups by their places in the network.
    package var network: NetworkPlace
    /// The listener refuses clients while no upstream is up.
    package var refusesWhenDown = false
    package var hooks: HookPlan
    package var drivers: DriverPlans

    package init(
        endpoint: Endpoint, upstreams: [Endpoint], deadlines: Deadlines = Deadlines(),
        options: SocketOptions = SocketOptions(), sessionsMax: Int = 0, workers: [Int]? = nil,
        mode: UInt16 = 0o600, messages: FramingConfiguration = FramingConfiguration(),
        datagramOptions: DatagramOptions = DatagramOptions(),
        network: NetworkPlace = NetworkPlace(), hooks: HookPlan = HookPlan(),
        drivers: DriverPlans = DriverPlans()
    ) {
        self.endpoint = endpoint
        self.upstreams = upstreams
        self.deadlines = deadlines
        self.options = options
        self.sessionsMax = sessionsMax
        self.workers = workers
        self.mode = mode
        self.messages = messages
        self.datagramOptions = datagramOptions
        self.network = network
        self.hooks = hooks
        self.hooks.attach(drivers)
        self.drivers = drivers
    }

    /// How a worker and the resolver use upstreams' names.
    package struct NameUse: Sendable {
        /// Each address is an upstream of its own.
        package var spreads = false
        /// Nanoseconds from a lookup to the next one.
        package var interval = LookupQueue.refreshInterval

        package init() {}
    }

    /// Rows of each upstream in a worker: one, or of a name one for each address. Names share what
    /// the other upstreams leave.
    package var rowsOfUpstreams: [Int] {
        let areNames = upstreams.map(\.isName)
        let names = areNames.count { $0 }
        guard self.names.spreads, names > 0 else { return upstreams.map { _ in 1 } }
        let left = Upstream.upstreamsMax - (upstreams.count - names)
        let rows = min(Upstream.addressesMax, left / names)
        return areNames.map { $0 ? rows : 1 }
    }

    /// All upstreams are of one kind.
    package var kind: PairKind {
        PairKind(
            listensForDatagrams: listensForDatagrams,
            forwardsDatagrams: upstreams.first?.isDatagram ?? false,
            isFramed: messages.isBetweenStreams)
    }

    package var listensForDatagrams: Bool { endpoint.isDatagram }
    /// Datagrams cross one side at least.
    package var servesDatagrams: Bool { kind.hasDatagrams }
}
