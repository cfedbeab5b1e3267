import TestSupport
import Testing

extension Integration {
    /// A host that answers pings out of order, twice and late: each question has one answer.
    @Suite(
        .enabled(if: PingNetwork.refusal == nil, "\(PingNetwork.refusal ?? "")"),
        .timeLimit(.minutes(3)))
    struct ICMPOrderTests {
        /// As many as `ICMPClient` has out at once.
        private static let window = 64

        @Test(arguments: CommandBackend.granted)
        func answersInAnyOrder(backend: CommandBackend) throws {
            let network = try PingNetwork()
            try network.hostAnswers(false)
            let python = try Tool("python3", package: "python3")
            let host = try Child(
                network.inside(network.host, [python.path, "-u", "-c", Self.answering]))
            try host.output.waitForLine("ready")
            // A Unix socket, since that is not a namespace's.
            let folder = try TemporaryFolder()
            let path = folder.file("in")
            let proxy = try Proxy(
                ["unix://\(path)?framing=u16be", "icmp://\(PingNetwork.hostAddress)"],
                backend: backend, prefix: network.prefix(of: network.proxy))
            let client = try Wire(to: .path(path))

            // All at once: the last one is answered first, and each twice.
            let first = (0..<Self.window).map { "question \($0)" }
            try client.write(first.flatMap(framed))
            for text in first.reversed() { #expect(try answer(client) == text) }

            // One that is answered behind 64 later ones has lost its place.
            let second = (0..<Self.window).map { "another \($0)" }
            try client.write(framed("the oldest"))
            try client.write(second.flatMap(framed))
            for text in second { #expect(try answer(client) == text) }

            // Answers of other identifiers and sequences come before the right one.
            try client.write(framed("the last"))
            #expect(try answer(client) == "the last")
            client.close()
            let (code, output, errors) = try host.finish()
            #expect(code == 0 && output.hasSuffix("130 answered\n"), "\(output)\(errors)")
            try proxy.end()
            #expect(proxy.summary["datagrams_to_upstream"] == 2 * Self.window + 2)
            #expect(proxy.summary["datagrams_to_client"] == 2 * Self.window + 1)
            // The second answers, the late one, and one of another sequence.
            #expect(proxy.summary["dropped_surplus"] == Self.window + 2, "\(proxy.summary)")
        }

        private func framed(_ text: String) -> [UInt8] {
            [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xff)] + Array(text.utf8)
        }

        private func answer(_ client: Wire) throws -> String {
            let head = try client.read(exactly: 2)
            return try client.readText(Int(head[0]) << 8 | Int(head[1]))
        }

        /// Collects echo requests on a raw socket, and answers them in its own order.
        private static let answering = """
            import socket, struct
            def checksum(data):
                if len(data) % 2: data += b"\\0"
                total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
                while total > 0xffff: total = (total & 0xffff) + (total >> 16)
                return ~total & 0xffff
            link = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            link.settimeout(20)
            print("ready")
            def requests(count):
                found = []
                while len(found) < count:
                    data, sender = link.recvfrom(70000)
                    kind, _, _, number, sequence = struct.unpack("!BBHHH", data[20:28])
                    if kind == 8: found.append((sender, number, sequence, data[28:]))
                return found
            def answer(request, others=0, later=0):
                sender, number, sequence, payload = request
                number, sequence = (number + others) & 0xffff, (sequence + later) & 0xffff
                head = struct.pack("!BBHHH", 0, 0, 0, number, sequence)
                head = struct.pack("!BBHHH", 0, 0, checksum(head + payload), number, sequence)
                link.sendto(head + payload, sender)
            for request in reversed(requests(64)):
                answer(request)
                answer(request)
            late, *rest = requests(65)
            for request in rest: answer(request)
            answer(late)
            last, = requests(1)
            answer(last, others=1)
            answer(last, later=1)
            answer(last)
            print("130 answered")
            """
    }
}
