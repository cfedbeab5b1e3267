/// A program to compare with, as its file describes it. `{listen}`, `{origin}`, `{workers}`,
/// `{folder}`, `{peers}` and `{config}` are replaced in arguments, and all but the last in the
/// configuration; with a second pair, `{stalled-listen}` and `{stalled-origin}` too.
package struct PeerDescription: Codable, Equatable, Sendable {
    package var name: String
    package var title: String
    /// A command that prints the version, and a pattern whose first group is it.
    package var version: [String]?
    package var versionPattern: String?
    package var command: [String]
    /// Paths relative to the file that describes the peer.
    package var config: String?
    /// For long streams.
    package var bulkConfig: String?
    /// For datagrams; without it, the peer takes no part where they are relayed.
    package var udpConfig: String?
    /// For datagrams, where that is another program.
    package var udpCommand: [String]?
    /// The subject of ours that it shows the way for: it is a prototype then, and no peer.
    package var prototypeOf: String?
    /// With a second pair, for streams that stall: a configuration or a command. Without either,
    /// the peer takes no part where some do.
    package var stalledConfig: String?
    package var stalledCommand: [String]?
    /// Whether "the best peer" may be this one.
    package var countsInBest: Bool?
    /// Names of the scenarios that it takes part in; all unless given.
    package var scenarios: [String]?
    /// Files that have to be there.
    package var needs: [String]?

    private enum CodingKeys: String, CodingKey {
        case name
        case title
        case version
        case versionPattern = "version-pattern"
        case command
        case config
        case bulkConfig = "bulk-config"
        case udpConfig = "udp-config"
        case udpCommand = "udp-command"
        case prototypeOf = "prototype-of"
        case stalledConfig = "stalled-config"
        case stalledCommand = "stalled-command"
        case countsInBest = "counts-in-best"
        case scenarios
        case needs
    }

    /// Whether it is not kept out by name.
    func takes(_ scenario: Scenario) -> Bool { scenarios?.contains(scenario.name) ?? true }

    /// Whether it says how to relay this.
    func covers(_ traffic: Scenario.Traffic) -> Bool {
        switch traffic {
        case .streams, .bulk: true
        case .datagrams: udpConfig != nil || udpCommand != nil
        case .stalls: stalledConfig != nil || stalledCommand != nil
        }
    }

    package init(name: String, title: String, command: [String]) {
        self.name = name
        self.title = title
        self.command = command
    }
}
