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
        let endpoints = names.map(endpoint)
        return switch self {
        case .tcp: TCPClient(endpoints)
        case .unix: UnixClient(endpoints)
        case .udp: UDPClient(endpoints)
        case .unixgram: UnixDatagramClient(endpoints)
        }
    }

    private func endpoint(_ name: SocketName) -> Endpoint {
        switch (name, isStream) {
        case (.port(let port), true): .tcp(host: "127.0.0.1", port: port)
        case (.port(let port), false): .udp(host: "127.0.0.1", port: port)
        case (.path(let path), true): .unix(path: path)
        case (.path(let path), false): .unixDatagram(path: path)
        }
    }

    /// Listens for clients of this kind.
    func server(_ client: any Client, path: String, options: PairOptions) -> any Server {
        switch self {
        case .tcp: TCPServer(client, listen: "127.0.0.1", port: 0, options: options)
        case .unix: UnixServer(client, listen: path, options: options)
        case .udp: UDPServer(client, listen: "127.0.0.1", port: 0, options: options)
        case .unixgram: UnixDatagramServer(client, listen: path, options: options)
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
