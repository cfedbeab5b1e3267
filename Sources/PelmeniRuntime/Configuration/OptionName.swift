internal import PelmeniCore

/// An option that an error names. The library and the command line spell options differently: an
/// error has the spelling of the side that set the option.
package enum OptionName: CaseIterable, Sendable {
    // Of a pair.
    case connectTimeout
    case firstByteTimeout
    case idleTimeout
    case lingerTimeout
    case stallTimeout
    case framing
    case frameBytesMax
    case requestLimit
    case responseLimit
    case receiveBufferBytes
    case sendBufferBytes
    case keepsDF
    case ipv6Only
    case interface
    case pairSessionLimit
    case keepAliveTime
    case userTimeout
    case permissions
    case whenDown
    case lookupInterval
    // Of an engine.
    case servers
    case workers
    case engineSessionLimit
    case poolBytes
    case drainTimeout

    /// The side that sets the options and reads the errors.
    package enum Spelling: Sendable {
        /// A program that imports the library: `frameBytesMax`, `poolBytes`.
        case library
        /// A user of the command: `max-frame`, `--pool`.
        case commandLine
    }

    /// The option's name on that side.
    package func spelled(_ spelling: Spelling) -> String {
        let names = names
        return switch spelling {
        case .library: names.library
        case .commandLine: names.commandLine
        }
    }

    private var names: (library: String, commandLine: String) {
        switch self {
        case .connectTimeout: ("connectTimeout", "connect")
        case .firstByteTimeout: ("firstByteTimeout", "first-byte")
        case .idleTimeout: ("idleTimeout", "idle")
        case .lingerTimeout: ("lingerTimeout", "linger")
        case .stallTimeout: ("stallTimeout", "stall")
        case .framing: ("framing", "framing")
        case .frameBytesMax: ("frameBytesMax", "max-frame")
        case .requestLimit: ("requestLimit", "requests")
        case .responseLimit: ("responseLimit", "responses")
        case .receiveBufferBytes: ("receiveBufferBytes", "receive-buffer")
        case .sendBufferBytes: ("sendBufferBytes", "send-buffer")
        case .keepsDF: ("keepsDF", "df")
        case .ipv6Only: ("ipv6Only", "v6only")
        case .interface: ("interface", "interface")
        case .pairSessionLimit: ("sessionLimit", "sessions")
        case .keepAliveTime: ("keepAliveTime", "keepalive")
        case .userTimeout: ("userTimeout", "user-timeout")
        case .permissions: ("permissions", "mode")
        case .whenDown: ("whenDown", "when-down")
        case .lookupInterval: ("lookupInterval", "lookup")
        case .servers: ("servers", "pairs")
        case .workers: ("workers", "--workers")
        case .engineSessionLimit: ("sessionLimit", "--sessions")
        case .poolBytes: ("poolBytes", "--pool")
        case .drainTimeout: ("drainTimeout", "--drain-timeout")
        }
    }
}

extension OptionName.Spelling {
    /// The value of a timeout that never passes.
    package var never: String {
        switch self {
        case .library: ".never"
        case .commandLine: "none"
        }
    }

    /// The setting that selects epoll.
    package var epoll: String {
        switch self {
        case .library: "backend: .epoll"
        case .commandLine: "--backend epoll"
        }
    }

    /// The name of pairs with datagrams.
    package var datagramPairs: String {
        switch self {
        case .library: "pairs with a UDP or Unix datagram side"
        case .commandLine: "pairs of udp:// or unixgram://"
        }
    }
}
