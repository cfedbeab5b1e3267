import Foundation
import TestSupport
import Testing

extension Integration {
    /// Ends, answers and new clients that a worker finds all at once after a pause: pending events
    /// of an ended session must not touch the next one.
    @Suite(.timeLimit(.minutes(2))) struct StaleEventTests {
        private static let rounds = 5

        private func freeze(_ proxy: Proxy) throws {
            proxy.child.signal(SIGSTOP)
            try waitUntil("the proxy stands still") {
                let text = try String(
                    contentsOfFile: "/proc/\(proxy.child.pid)/stat", encoding: .utf8)
                return text[(text.lastIndex(of: ")") ?? text.startIndex)...].hasPrefix(") T")
            }
        }

        /// A proxy of a pair from streams to datagrams and a pair to streams, with their origins.
        private func start(_ backend: CommandBackend) throws -> (Proxy, DatagramWire, TestListener)
        {
            let datagrams = try DatagramWire()
            let streams = try TestListener()
            let proxy = try Proxy(
                [
                    "tcp://127.0.0.1:0", "udp://127.0.0.1:\(datagrams.port)",
                    "tcp://127.0.0.1:0", "tcp://127.0.0.1:\(streams.port)",
                ], backend: backend, options: ["--workers", "1"])
            return (proxy, datagrams, streams)
        }

        private func ask(_ client: Wire, _ text: String) throws {
            try client.write([0, UInt8(text.utf8.count)] + Array(text.utf8))
        }

        /// Two clients that wait for answers, and the way to answer the first.
        private func twoThatWait(
            _ proxy: Proxy, _ origin: DatagramWire
        ) throws -> (clients: [Wire], toFirst: DatagramAddress) {
            let clients = try (0..<2).map { _ in try Wire(toPort: try proxy.port(0)) }
            var first: DatagramAddress?
            for (number, client) in clients.enumerated() {
                try ask(client, "\(number)")
                let (asked, from) = try origin.receive()
                #expect(asked == Array("\(number)".utf8))
                first = first ?? from
            }
            return (clients, try #require(first))
        }

        @Test(arguments: CommandBackend.granted)
        func aNewSessionOfTheSameKind(backend: CommandBackend) throws {
            let (proxy, origin, _) = try start(backend)
            for round in 0..<Self.rounds {
                let (clients, toFirst) = try twoThatWait(proxy, origin)
                try freeze(proxy)
                for client in clients { client.reset() }
                let third = try Wire(toPort: try proxy.port(0))
                try ask(third, "third")
                try origin.send("late", to: toFirst)
                proxy.child.signal(SIGCONT)
                let (asked, from) = try origin.receive()
                #expect(asked == Array("third".utf8))
                try origin.send("answer", to: from)
                #expect(try third.readText(8) == "\0\u{6}answer", "round \(round)")
                third.close()
            }
            try proxy.end()
        }

        @Test(arguments: CommandBackend.granted)
        func aNewSessionOfAnotherPair(backend: CommandBackend) throws {
            let (proxy, origin, streams) = try start(backend)
            for round in 0..<Self.rounds {
                let (clients, toFirst) = try twoThatWait(proxy, origin)
                try freeze(proxy)
                for client in clients { client.reset() }
                let third = try Wire(toPort: try proxy.port(1))
                try third.write("question")
                try origin.send("late", to: toFirst)
                proxy.child.signal(SIGCONT)
                let upstream = try streams.accept()
                #expect(try upstream.readText(8) == "question", "round \(round)")
                try upstream.write("answer")
                #expect(try third.readText(6) == "answer", "round \(round)")
                third.close()
                #expect(try upstream.readEnd() == .clean)
            }
            try proxy.end()
        }
    }
}
