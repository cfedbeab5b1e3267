import Foundation
import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// An engine on one worker with two pairs of the same kind. The origin of the first echoes; the
/// origin of the second does what the hostile peer needs.
final class Neighbourhood: Sendable {
    let crossing: Crossing
    let hostility: Hostility
    let engine: Engine
    let log = LogCollector()
    /// The origin of the second pair, where the hostile peer is the upstream.
    let hostileOrigin: TestListener?
    private let echoes: [EchoOrigin]
    private let folder: TemporaryFolder

    init(_ crossing: Crossing, _ hostility: Hostility, _ variant: Variant) throws {
        self.crossing = crossing
        self.hostility = hostility
        let folder = try TemporaryFolder()
        self.folder = folder
        var echoes = [try EchoOrigin(crossing.to, path: folder.file("origin0"))]
        var names = [echoes[0].name]
        if hostility.isUpstream {
            let name = crossing.to.isUnix ? SocketName.path(folder.file("origin1")) : nil
            let origin = try TestListener(name, backlog: hostility == .dials ? 0 : 4096)
            names.append(origin.name)
            hostileOrigin = origin
        } else {
            echoes.append(try EchoOrigin(crossing.to, path: folder.file("origin1")))
            names.append(echoes[1].name)
            hostileOrigin = nil
        }
        self.echoes = echoes
        let servers = names.enumerated().map { number, name in
            crossing.from.server(
                crossing.to.client([name]), path: folder.file("server\(number)"),
                options: PairOptions())
        }
        engine = try Engine.variant(variant, servers: servers) { [log] in
            $0.log = log.sink
            if let bytes = hostility.poolBytes { $0.poolBytes = bytes }
        }
    }

    /// The pair of which the hostile peer is a client. A flood of UDP has a listener and an origin
    /// of its own: where the kernel's queue overflows, it drops any datagram, and no relay can
    /// prevent that.
    var hostilePair: Int {
        let isLossy = crossing.from == .udp || crossing.to == .udp
        return hostility.isUpstream || hostility.isFlood && isLossy ? 1 : 0
    }

    /// The address for clients of a pair.
    func name(_ pair: Int) -> SocketName {
        crossing.from.isUnix
            ? .path(folder.file("server\(pair)")) : .port(engine.listeners[pair].port ?? 0)
    }

    /// A well-behaved client.
    func client(_ number: Int) throws -> BridgeClient {
        guard !crossing.from.isStream else { return .stream(try Wire(to: name(0))) }
        let wire = try DatagramWire(
            at: crossing.from.isUnix ? .path(folder.file("neighbour\(number)")) : .port(0))
        try wire.connect(to: DatagramAddress(name(0)))
        return .datagrams(wire)
    }

    func stop() async throws {
        await engine.stop()
        for echo in echoes { try echo.stop() }
        #expect(log.entries(from: .error).isEmpty)
        let statistics = engine.statistics
        #expect(statistics.open == 0)
        #expect(statistics.accepted == statistics.causes.values.reduce(0, +))
    }
}
