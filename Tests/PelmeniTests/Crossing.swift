import Pelmeni
import TestSupport
import Testing

/// A kind of socket on one side of a pair.
enum Face: String, CaseIterable, Sendable {
    case tcp
    case unix
    case udp
    case unixgram

    var isStream: Bool { self == .tcp || self == .unix }
    var isUnix: Bool { self == .unix || self == .unixgram }

    /// Forwards to an origin of this kind.
    func client(_ names: [SocketName]) -> any Client {
        let destinations = names.map { name in
            switch name {
            case .port(let port): Destination(host: "127.0.0.1", port: port)
            case .path(let path): Destination(path: path)
            }
        }
        return switch self {
        case .tcp: TCPClient(destinations)
        case .unix: UnixClient(destinations)
        case .udp: UDPClient(destinations)
        case .unixgram: UnixDatagramClient(destinations)
        }
    }

    /// Listens for clients of this kind.
    func server(_ client: any Client, path: String, options: PairOptions) -> any Server {
        switch self {
        case .tcp: TCPServer(client, listen: "127.0.0.1", port: 0, options: options)
        case .unix: UnixServer(client, path: path, options: options)
        case .udp: UDPServer(client, listen: "127.0.0.1", port: 0, options: options)
        case .unixgram: UnixDatagramServer(client, path: path, options: options)
        }
    }
}

/// A pair: the kind of its clients, and that of its origin.
struct Crossing: Sendable, CustomTestStringConvertible {
    let from: Face
    let to: Face

    var testDescription: String { "\(from.rawValue) to \(to.rawValue)" }

    var hasDatagrams: Bool { !from.isStream || !to.isStream }

    /// Every kind to every kind.
    static let all = Face.allCases.flatMap { from in
        Face.allCases.map { Crossing(from: from, to: $0) }
    }
    static let withDatagrams = all.filter(\.hasDatagrams)
    /// A stream on one side, datagrams on the other.
    static let mixed = all.filter { $0.from.isStream != $0.to.isStream }
    static let fromStream = mixed.filter { $0.from.isStream }
    static let toStream = mixed.filter { $0.to.isStream }
}
