import Foundation
import TestSupport
import Testing

extension Integration {
    /// Streams and datagrams in one engine with few descriptors: each kind keeps its share.
    @Suite(.timeLimit(.minutes(2))) struct ShareTests {
        private static let limit = 256

        private func proxy(
            _ backend: CommandBackend, echo: CrowdOrigin, datagrams: DatagramWire
        ) throws -> Proxy {
            try Proxy(
                [
                    "tcp://127.0.0.1:0", "tcp://127.0.0.1:\(echo.listener.port)",
                    "udp://127.0.0.1:0", "udp://127.0.0.1:\(datagrams.port)",
                ], backend: backend, options: ["--workers", "1"],
                prefix: Launcher.descriptors(Self.limit))
        }

        /// The port in a line `listening udp://127.0.0.1:PORT -> …`.
        private func datagramPort(_ proxy: Proxy) throws -> UInt16 {
            let line = try #require(proxy.lines.first { $0.hasPrefix("listening udp://") })
            let address = line.split(separator: " ")[1]
            return try #require(UInt16(address.split(separator: ":").last ?? ""))
        }

        private func senders(_ count: Int, port: UInt16) throws -> [DatagramWire] {
            try (0..<count).map { _ in
                let wire = try DatagramWire()
                try wire.connect(toPort: port)
                return wire
            }
        }

        /// Datagram sessions beyond half of the room, renewed all the time.
        @Test(arguments: CommandBackend.granted) func datagramsLeaveRoomForStreams(
            backend: CommandBackend
        ) throws {
            let echo = try CrowdOrigin(.echo)
            let origin = try DatagramWire()
            let proxy = try proxy(backend, echo: echo, datagrams: origin)
            // More than fit, however many descriptors are in use otherwise.
            let senders = try senders(300, port: try datagramPort(proxy))
            for round in 0..<3 {
                for sender in senders { try sender.send("renew") }
                try waitUntilQuiet(origin)
                let crowd = Crowd()
                try crowd.connect(8, to: .port(try proxy.port()))
                crowd.change {
                    $0.maySend = 100
                    $0.endsAfter = 100
                }
                try crowd.run("streams are served, round \(round)") { members in
                    members.allSatisfy { $0.ending != nil }
                }
                #expect(crowd.members.allSatisfy { $0.ending == 0 && $0.received == 100 })
            }
            try end(proxy)
            #expect(proxy.summary["completed"] == 24)
            #expect(proxy.summary["dropped_table_full", default: 0] > 0)
            try echo.stop()
        }

        @Test(arguments: CommandBackend.granted) func streamsLeaveRoomForDatagrams(
            backend: CommandBackend
        ) throws {
            let echo = try CrowdOrigin(.echo)
            let origin = try DatagramWire()
            let proxy = try proxy(backend, echo: echo, datagrams: origin)
            let crowd = Crowd()
            try crowd.connect(200, to: .port(try proxy.port()))
            crowd.change { $0.maySend = 100 }
            try crowd.run("as many as fit are in") { $0.count { $0.received == 100 } >= 20 }
            for sender in try senders(20, port: try datagramPort(proxy)) {
                try sender.send("and I?")
                let (_, from) = try origin.receive()
                try origin.send("you too", to: from)
                #expect(try sender.receiveText() == "you too")
            }
            crowd.change { $0.endsAfter = $0.maySend }
            try crowd.run("all are served", within: .seconds(40)) { members in
                members.allSatisfy { $0.ending != nil }
            }
            try end(proxy)
            #expect(proxy.summary["completed"] == 200)
            #expect(proxy.summary["dropped_table_full"] == nil)
            try echo.stop()
        }

        /// Receives until no datagram comes: only time shows that no more sessions fit.
        private func waitUntilQuiet(_ origin: DatagramWire) throws {
            _ = try origin.receive()
            while try origin.receive(within: 500) != nil {}
        }

        /// Silent datagram sessions end by themselves during a drain.
        private func end(_ proxy: Proxy) throws {
            proxy.child.signal(SIGTERM)
            try proxy.child.errors.waitForLine("draining")
            _ = try proxy.child.exitCode()
        }
    }
}
