import Foundation
import TestSupport
import Testing

extension Integration {
    /// Usual uses of a bridge: logs, metrics, and a tunnel of two bridges.
    @Suite(.timeLimit(.minutes(2))) struct BridgeTrafficTests {
        /// RFC 6587's octet counting on TCP, one datagram a message behind it.
        @Test(arguments: CommandBackend.granted) func syslog(backend: CommandBackend) throws {
            let logger = try Tool("logger", package: "bsdutils")
            let collector = try DatagramWire()
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0?framing=octet-count", "udp://127.0.0.1:\(collector.port)"],
                backend: backend)
            let port = try proxy.port()
            for number in 0..<5 {
                let (code, _, errors) = try Child([
                    logger.path, "-T", "--octet-count", "-n", "127.0.0.1", "-P", "\(port)",
                    "--rfc5424", "-t", "pelmeni", "message \(number)",
                ]).finish()
                #expect(code == 0, "\(errors)")
                let line = try collector.receiveText()
                #expect(line.hasPrefix("<13>1 ") && line.hasSuffix(" message \(number)"), "\(line)")
                #expect(line.contains(" pelmeni "), "\(line)")
            }
            // A sender that keeps its connection: several messages in one write, with line feeds
            // inside.
            let wire = try Wire(toPort: port)
            let long = String(repeating: "x", count: 8_000)
            let messages = ["<13>1 short", "<13>1 two\nlines", long]
            try wire.write(messages.map { "\($0.utf8.count) \($0)" }.joined())
            for message in messages { #expect(try collector.receiveText() == message) }
            wire.close()
            try proxy.end()
            #expect(proxy.summary["datagrams_to_upstream"] == 8)
            #expect(proxy.summary["completed"] == 6)
        }

        /// Both forms of RFC 6587 at one listener, and the datagrams of `logger -d` as frames.
        @Test(arguments: CommandBackend.granted) func syslogOfBothForms(
            backend: CommandBackend
        ) throws {
            let logger = try Tool("logger", package: "bsdutils")
            let collector = try DatagramWire()
            let store = try TestListener()
            let proxy = try Proxy(
                [
                    "tcp://127.0.0.1:0?framing=syslog", "udp://127.0.0.1:\(collector.port)",
                    "udp://127.0.0.1:0", "tcp://127.0.0.1:\(store.port)?framing=syslog",
                ], backend: backend)
            let port = try proxy.port()
            for (number, form) in [["--octet-count"], [], ["--octet-count"], []].enumerated() {
                let (code, _, errors) = try Child(
                    [logger.path, "-T"] + form + [
                        "-n", "127.0.0.1", "-P", "\(port)", "--rfc5424", "-t", "pelmeni",
                        "message \(number)",
                    ]
                ).finish()
                #expect(code == 0, "\(errors)")
                let line = try collector.receiveText()
                #expect(line.hasPrefix("<13>1 ") && line.hasSuffix(" message \(number)"), "\(line)")
            }
            let (code, _, errors) = try Child([
                logger.path, "-d", "-n", "127.0.0.1", "-P", "\(try proxy.port(1))",
                "--rfc3164", "-t", "pelmeni", "a datagram",
            ]).finish()
            #expect(code == 0, "\(errors)")
            let wire = try store.accept()
            var digits = ""
            while digits.last != " " { digits += try wire.readText(1) }
            let line = try wire.readText(Int(digits.dropLast()) ?? 0)
            #expect(line.hasPrefix("<13>") && line.hasSuffix("pelmeni: a datagram"), "\(line)")
            wire.close()
            try proxy.end()
            #expect(proxy.summary["datagrams_to_upstream"] == 5)
        }

        @Test(arguments: CommandBackend.granted) func statsd(backend: CommandBackend) throws {
            let store = try TestListener()
            let proxy = try Proxy(
                ["udp://127.0.0.1:0", "tcp://127.0.0.1:\(store.port)?framing=line"],
                backend: backend)
            let client = try DatagramWire()
            try client.connect(toPort: try proxy.port())
            // With or without a line feed of its own, and several metrics in one datagram.
            let metrics = ["a:1|c", "b:2|ms\n", "c:3|g\nd:4|c"]
            for metric in metrics { try client.send(metric) }
            let wire = try store.accept()
            #expect(try wire.readText(25) == "a:1|c\nb:2|ms\nc:3|g\nd:4|c\n")
            // The store closes, and returns for the next one.
            wire.close()
            try waitUntil("a metric has a new connection") {
                try client.send("e:5|c")
                var waiting = pollfd(fd: store.socket, events: Int16(POLLIN), revents: 0)
                return poll(&waiting, 1, 100) == 1
            }
            #expect(try store.accept().readText(6) == "e:5|c\n")
            try proxy.end()
        }

        /// UDP over TCP over UDP preserves boundaries and bytes.
        @Test(arguments: CommandBackend.granted) func aTunnel(backend: CommandBackend) throws {
            let origin = try DatagramWire()
            let far = try Proxy(
                ["tcp://127.0.0.1:0", "udp://127.0.0.1:\(origin.port)"], backend: backend)
            let near = try Proxy(
                ["udp://127.0.0.1:0", "tcp://127.0.0.1:\(try far.port())"], backend: backend)
            let clients = try (0..<3).map { _ in
                let client = try DatagramWire()
                try client.connect(toPort: try near.port(of: "udp"))
                return client
            }
            var count = 0
            for (key, size) in [0, 1, 2, 1_472, 1_473, 8_972, 65_507, 0, 500].enumerated() {
                for (index, client) in clients.enumerated() {
                    let bytes = Pattern.shared.stream(key: key * 10 + index, count: size)
                    try client.send(bytes)
                    let (received, from) = try origin.receive()
                    #expect(received == bytes, "\(size) bytes; seed \(Pattern.processSeed)")
                    try origin.send(bytes.reversed(), to: from)
                    #expect(
                        try client.receive().bytes == bytes.reversed(),
                        "\(size) bytes back; seed \(Pattern.processSeed)")
                    count += 1
                }
            }
            try near.end()
            try far.end()
            for proxy in [near, far] {
                #expect(proxy.summary["accepted"] == 3)
                #expect(proxy.summary["datagrams_to_upstream"] == count)
                #expect(proxy.summary["datagrams_to_client"] == count)
                #expect(!proxy.summary.keys.contains { $0.hasPrefix("dropped_") })
            }
        }
    }
}
