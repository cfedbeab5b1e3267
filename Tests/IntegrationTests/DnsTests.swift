import Foundation
import TestSupport
import Testing

extension Integration {
    /// A resolver, and DNS clients, with a bridge of each kind between them.
    @Suite(
        .enabled(
            if: DnsResolver.missing.isEmpty,
            "missing: \(DnsResolver.missing.joined(separator: ", "))"),
        .timeLimit(.minutes(3)))
    struct DnsTests {
        /// The way of a question to the resolver.
        struct Way: Sendable, CustomTestStringConvertible {
            let from: String
            let to: String

            var testDescription: String { "\(from) to \(to)" }

            func endpoints(_ resolver: DnsResolver, port: UInt16 = 0) -> [String] {
                ["\(from)://127.0.0.1:\(port)?profile=dns", "\(to)://127.0.0.1:\(resolver.port)"]
            }

            static let all = [
                Way(from: "udp", to: "udp"), Way(from: "tcp", to: "udp"),
                Way(from: "udp", to: "tcp"),
            ]
        }

        private func dig(_ port: UInt16, _ words: String...) throws -> String {
            let tool = try Tool("dig", package: "dnsutils")
            let arguments = ["@127.0.0.1", "-p", "\(port)", "+tries=1", "+time=5"] + words
            let (code, output, errors) = try Child([tool.path] + arguments).finish()
            #expect(code == 0, "dig \(words): \(output) \(errors)")
            return output
        }

        @Test(arguments: Way.all, CommandBackend.granted)
        func oneQuestion(way: Way, backend: CommandBackend) throws {
            let resolver = try DnsResolver()
            let proxy = try Proxy(way.endpoints(resolver), backend: backend)
            let port = try proxy.port(of: way.from)
            let transport = way.from == "tcp" ? "+tcp" : "+notcp"
            for host in [0, 1, 199] {
                let answer = try dig(port, transport, "+short", "host\(host).test")
                #expect(answer == "10.0.0.\(host)\n")
            }
            #expect(try dig(port, transport, "nobody.test").contains("status: NXDOMAIN"))
            try proxy.end()
            #expect(proxy.summary["accepted"] == 4)
            #expect(proxy.summary["completed"] == 4)
            #expect(proxy.summary["datagrams_to_client"] == 4)
        }

        /// The answer does not fit into a datagram: dig sees the truncation, and asks again over
        /// TCP, at the same port.
        @Test(arguments: CommandBackend.granted)
        func truncationAndRetry(backend: CommandBackend) throws {
            let resolver = try DnsResolver()
            let port = try SocketName.unusedPort()
            let pairs = ["udp", "tcp"].flatMap {
                Way(from: $0, to: "udp").endpoints(resolver, port: port)
            }
            let whole = ["udp", "tcp"].flatMap {
                Way(from: $0, to: $0).plainEndpoints(resolver, port: port)
            }
            // A TCP client is better served by the resolver's own TCP: UDP would truncate again.
            let proxy = try Proxy(whole, backend: backend)
            let cut = try dig(port, "+bufsize=512", "+ignore", "big.test", "TXT")
            #expect(cut.contains(" tc "), "\(cut)")
            let answer = try dig(port, "+bufsize=512", "big.test", "TXT")
            #expect(answer.contains("Truncated, retrying in TCP mode"), "\(answer)")
            for text in DnsResolver.bigText { #expect(answer.contains("\"\(text)\"")) }
            try proxy.end()
            // Both listeners may also lead to its UDP, which sends long answers when the question
            // allows them.
            let datagrams = try Proxy(pairs, backend: backend)
            let large = try dig(port, "+tcp", "+bufsize=4096", "big.test", "TXT")
            for text in DnsResolver.bigText { #expect(large.contains("\"\(text)\"")) }
            try datagrams.end()
        }

        // MARK: dnsperf

        /// The counts of dnsperf.
        private struct Count: Equatable, CustomStringConvertible {
            let sent: Int
            let completed: Int
            let lost: Int
            let answers: String

            init(_ output: String) {
                func line(_ name: String) -> [Substring] {
                    let found = output.split(separator: "\n").first { $0.contains("  \(name):") }
                    return (found ?? "").split(separator: ":").last?.split(separator: " ") ?? []
                }
                sent = line("Queries sent").first.flatMap { Int($0) } ?? -1
                completed = line("Queries completed").first.flatMap { Int($0) } ?? -1
                lost = line("Queries lost").first.flatMap { Int($0) } ?? -1
                answers = line("Response codes").joined(separator: " ")
            }

            var description: String { "\(sent) \(completed) \(lost) \(answers)" }
        }

        private func dnsperf(_ port: UInt16, _ mode: String, _ questions: String) throws -> Count {
            let tool = try Tool("dnsperf", package: "dnsperf")
            let (code, output, errors) = try Child([
                tool.path, "-s", "127.0.0.1", "-p", "\(port)", "-d", questions, "-n", "1", "-c",
                "10", "-q", "50", "-m", mode,
            ]).finish(within: .seconds(60))
            #expect(code == 0, "\(output) \(errors)")
            return Count(output)
        }

        @Test(arguments: Way.all, CommandBackend.granted)
        func nothingIsLost(way: Way, backend: CommandBackend) throws {
            let resolver = try DnsResolver()
            let folder = try TemporaryFolder()
            let questions = folder.file("questions")
            let total = 10_000
            try (0..<total).map { "host\($0 % DnsResolver.hosts).test A\n" }.joined()
                .write(toFile: questions, atomically: true, encoding: .utf8)
            let direct = try dnsperf(resolver.port, way.from, questions)
            #expect(direct.completed == total && direct.lost == 0, "\(direct)")
            #expect(direct.answers == "NOERROR \(total) (100.00%)")
            // A session for each client, and one for each of its bursts.
            for endpoints in [way.plainEndpoints(resolver), way.endpoints(resolver)] {
                let proxy = try Proxy(endpoints, backend: backend)
                let bridged = try dnsperf(try proxy.port(of: way.from), way.from, questions)
                #expect(bridged == direct, "\(endpoints)")
                try proxy.end()
                #expect(proxy.summary["datagrams_to_upstream"] == total)
                #expect(proxy.summary["datagrams_to_client"] == total)
                let dropped = proxy.summary.filter { $0.key.hasPrefix("dropped_") }
                #expect(dropped == [:])
            }
        }
    }
}

extension Integration.DnsTests.Way {
    /// Without a profile a session lasts until it is silent.
    func plainEndpoints(_ resolver: DnsResolver, port: UInt16 = 0) -> [String] {
        ["\(from)://127.0.0.1:\(port)", "\(to)://127.0.0.1:\(resolver.port)"]
    }
}

extension Proxy {
    /// The real port of a listener of any scheme.
    func port(of scheme: String, _ index: Int = 0) throws -> UInt16 {
        let address = lines[index].split(separator: " ").dropFirst().first ?? ""
        let digits = address.split(separator: ":").last ?? ""
        guard lines[index].hasPrefix("listening \(scheme)://"), let port = UInt16(digits) else {
            throw Overdue(description: "no port of \(scheme) in \"\(lines[index])\"")
        }
        return port
    }
}
