/// The description of a peer, from its file. `{listen}`, `{origin}`, `{workers}`, `{folder}`,
/// `{peers}` and `{config}` are replaced in arguments, and all but the last in the configuration;
/// with a second pair, `{stalled-listen}` and `{stalled-origin}` too.
package struct PeerDescription: Codable, Equatable, Sendable {
    package var name: String
    package var title: String
    /// A command that prints the version, and a pattern with the version as its first group.
    package var version: [String]?
    package var versionPattern: String?
    package var command: [String]
    /// A path relative to the file with the description.
    package var config: String?
    /// The configuration for long streams.
    package var bulkConfig: String?
    /// The configuration for datagrams; without it, the peer takes no part in their scenarios.
    package var udpConfig: String?
    /// The command for datagrams, if it is another program.
    package var udpCommand: [String]?
    /// The configuration for HTTP, and the one for long bodies; below, the command. Without any,
    /// the peer takes no part in their scenarios.
    package var httpConfig: String?
    package var httpBulkConfig: String?
    package var httpCommand: [String]?
    /// The subject of ours that it is written for: it is a prototype then, and no peer.
    package var prototypeOf: String?
    /// With a second pair, for stalled streams: a configuration; below, a command. Without either,
    /// the peer takes no part in their scenarios.
    package var stalledConfig: String?
    package var stalledCommand: [String]?
    /// Whether this peer may be "the best peer".
    package var countsInBest: Bool?
    /// Names of its scenarios; all unless given.
    package var scenarios: [String]?
    /// Required files.
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
        case httpConfig = "http-config"
        case httpBulkConfig = "http-bulk-config"
        case httpCommand = "http-command"
        case prototypeOf = "prototype-of"
        case stalledConfig = "stalled-config"
        case stalledCommand = "stalled-command"
        case countsInBest = "counts-in-best"
        case scenarios
        case needs
    }

    /// Whether its list of scenarios includes this one.
    func takes(_ scenario: Scenario) -> Bool { scenarios?.contains(scenario.name) ?? true }

    /// Whether it describes how to relay this traffic.
    func covers(_ traffic: Scenario.Traffic) -> Bool {
        switch traffic {
        case .streams, .bulk: true
        case .datagrams: udpConfig != nil || udpCommand != nil
        case .http, .httpBulk: httpConfig != nil || httpCommand != nil
        case .stalls: stalledConfig != nil || stalledCommand != nil
        }
    }

    package init(name: String, title: String, command: [String]) {
        self.name = name
        self.title = title
        self.command = command
    }
}
