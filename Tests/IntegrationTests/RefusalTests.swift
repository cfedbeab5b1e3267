import Foundation
import TestSupport
import Testing

extension Integration {
    /// io_uring refused to the process: the fallbacks, the failures, and their messages.
    @Suite(.timeLimit(.minutes(1))) struct RefusalTests {
        private func run(
            refusing error: Int32, _ arguments: [String]
        ) throws -> (code: Int32, output: String, errors: String) {
            try Child(try Launcher.refusing(error) + [try Binary.required()] + arguments)
                .finish(within: .seconds(60))
        }

        private static let pair = ["tcp://127.0.0.1:0", "tcp://127.0.0.1:9"]

        @Test(arguments: [("EPERM", EPERM), ("EACCES", EACCES), ("ENOSYS", ENOSYS)])
        func aRefusal(name: String, error: Int32) throws {
            let (code, output, errors) = try run(
                refusing: error, ["run"] + Self.pair + ["--backend", "io_uring"])
            #expect(code == 3)
            #expect(output.isEmpty)
            #expect(errors.contains(name))
            #expect(errors.contains("--backend epoll"))
            if error == EPERM {
                #expect(errors.contains("seccomp"))
                #expect(errors.contains("kernel.io_uring_disabled"))
            }
            expectNoCrash(errors)
        }

        /// Kernels before 6.0 receive one datagram an operation, which is not supported.
        @Test func datagramsNeedMultishotReceive() throws {
            let pair = ["udp://127.0.0.1:0", "udp://127.0.0.1:9"]
            let (code, output, errors) = try Child(
                [try Binary.required(), "run"] + pair + [
                    "--backend", "io_uring", "--io-uring-without", "multishot-receive",
                ]
            ).finish(within: .seconds(60))
            #expect(code == 3)
            #expect(output.isEmpty)
            // Where io_uring is refused as a whole, the message says that.
            #expect(errors.contains("multishot-receive") || errors.contains("io_uring"))
            expectNoCrash(errors)
        }

        @Test(arguments: [
            ("EPERM", EPERM), ("EACCES", EACCES), ("ENOSYS", ENOSYS), ("EINVAL", EINVAL),
        ])
        func autoFallsBack(name: String, error: Int32) throws {
            let origin = try TestListener()
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.port)"], backend: nil,
                options: ["--workers", "2"], prefix: try Launcher.refusing(error))
            #expect(proxy.lines.last == "ready backend=epoll workers=2")
            try proxy.relaysOneByteAndEnds(origin)
            // Standard error is complete only now: it is a pipe of its own.
            let said = proxy.child.errors.lines.filter { $0.contains("io_uring") }
            #expect(said.count == 1, "one decision for all workers, said once")
            #expect(said.first?.contains(name) == true)
        }

        /// A lack of resources selects no backend.
        @Test(
            arguments: [("EMFILE", EMFILE), ("ENOMEM", ENOMEM), ("ENFILE", ENFILE)],
            ["auto", "io_uring"])
        func outOfSomething(error: (name: String, code: Int32), backend: String) throws {
            let (code, output, errors) = try run(
                refusing: error.code, ["run"] + Self.pair + ["--backend", backend])
            #expect(code == 1)
            #expect(output.isEmpty)
            #expect(errors.contains(error.name))
            #expect(!errors.contains("ready"))
            expectNoCrash(errors)
        }

        @Test func epollAsksNobody() throws {
            let proxy = try Proxy(Self.pair, backend: .epoll, prefix: try Launcher.refusing(ENOMEM))
            #expect(proxy.lines.last?.hasPrefix("ready backend=epoll ") == true)
            #expect(proxy.child.errors.everything.isEmpty)
            try proxy.end()
        }

        /// Where splice(2) is refused, long streams go through blocks, without a visible
        /// difference.
        @Test(arguments: CommandBackend.granted) func noSplice(backend: CommandBackend) throws {
            let origin = try CrowdOrigin(.echo)
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.listener.port)"], backend: backend,
                options: ["--workers", "1"],
                prefix: try Launcher.refusing(EPERM, call: Launcher.splice))
            let crowd = Crowd()
            try crowd.connect(2, to: .port(try proxy.port()))
            let much = 8 << 20
            crowd.change {
                $0.maySend = much
                $0.endsAfter = much
            }
            try crowd.run("all is back, and the end") { members in
                members.allSatisfy { !$0.isOpen }
            }
            #expect(
                crowd.members.allSatisfy { $0.received == much && $0.ending == 0 },
                "\(crowd.summary)")
            #expect(proxy.child.errors.everything.isEmpty)
            try proxy.end()
        }

        /// No route to the upstream, or a filter on it: each datagram counts once.
        @Test(arguments: [EPERM, ENETUNREACH])
        func aLastingErrorCountsOnce(error: Int32) throws {
            let origin = try DatagramWire()
            let proxy = try Proxy(
                ["udp://127.0.0.1:0", "udp://127.0.0.1:\(origin.port)"], backend: .epoll,
                options: ["--workers", "1"],
                prefix: try Launcher.refusing(
                    error, calls: [Launcher.sendto] + Launcher.batchCalls.values))
            let client = try DatagramWire()
            try client.connect(toPort: try proxy.port(of: "udp"))
            for number in 0..<7 { try client.send("datagram \(number)") }
            // A drain ends after some silence of the client's session; all datagrams came before.
            try proxy.end()
            #expect(proxy.summary["dropped_no_upstream"] == 7, "\(proxy.summary)")
            #expect(proxy.summary["datagrams_to_upstream", default: 0] == 0)
        }

        /// Where batched sends are refused, each send is a call of its own; one log entry says so,
        /// and nothing else changes.
        @Test(arguments: Launcher.batchCalls.keys.sorted())
        func noBatches(call: String) throws {
            let origin = try CrowdOrigin(.echo)
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.listener.port)"], backend: .epoll,
                options: ["--workers", "2"],
                prefix: try Launcher.refusing(EPERM, call: try #require(Launcher.batchCalls[call])))
            let crowd = Crowd()
            try crowd.connect(100, to: .port(try proxy.port()))
            for step in 1...5 {
                crowd.change {
                    $0.maySend = 100 * step
                    $0.endsAfter = 500
                }
                try crowd.run("step \(step) is back") { members in
                    members.allSatisfy { $0.received == 100 * step }
                }
            }
            try crowd.run("the end") { members in members.allSatisfy { !$0.isOpen } }
            #expect(crowd.members.allSatisfy { $0.ending == 0 }, "\(crowd.summary)")
            try proxy.end()
            let said = proxy.child.errors.lines.filter { $0.contains("io_submit is not used") }
            #expect(said.count == 1)
            #expect(said.first?.contains("EPERM") == true)
            let doctor = try Child(
                try Launcher.refusing(EPERM, call: try #require(Launcher.batchCalls[call]))
                    + [try Binary.required(), "doctor"]
            ).finish(within: .seconds(60))
            #expect(doctor.output.contains("every send a call of its own: EPERM"))
        }

        @Test func doctorSaysSo() throws {
            let (code, output, _) = try run(refusing: EPERM, ["doctor"])
            #expect(code == 0)
            #expect(output.contains("refused"))
            #expect(output.contains("EPERM"))
            #expect(output.contains("seccomp"))
            #expect(output.contains("epoll"))
        }

        @Test func demoGoesOn() throws {
            let (code, output, errors) = try run(refusing: EPERM, ["demo", "--seconds", "1"])
            #expect(code == 0, "\(errors)")
            #expect(output.contains("epoll"))
            #expect((output + errors).contains("io_uring"))
            #expect((output + errors).contains("EPERM"))
            let asked = try run(refusing: EPERM, ["demo", "--backend", "io_uring"])
            #expect(asked.code == 3)
            #expect(asked.errors.contains("EPERM"))
        }

        @Test(.enabled(if: CommandBackend.granted.count == 2)) func demoShowsBoth() throws {
            let (code, output, errors) = try Child([
                try Binary.required(), "demo", "--seconds", "1",
            ]).finish(within: .seconds(60))
            #expect(code == 0, "\(errors)")
            #expect(output.contains("epoll"))
            #expect(output.contains("io_uring"))
            expectNoCrash(errors)
        }
    }
}
