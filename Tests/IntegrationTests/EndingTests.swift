import Foundation
import TestSupport
import Testing

extension Integration {
    /// Signals in the middle of traffic, and the state that a restart finds.
    @Suite(.timeLimit(.minutes(2))) struct EndingTests {
        /// A thousand transfers, all half done, when the signal comes; the second half of each
        /// follows.
        @Test(arguments: CommandBackend.granted) func aDrainInTraffic(backend: CommandBackend)
            throws
        {
            let origin = try CrowdOrigin(.echo)
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.listener.port)"], backend: backend,
                options: ["--workers", "2"])
            let port = try proxy.port()
            let crowd = Crowd()
            let half = 100_003
            try crowd.connect(1_000, to: .port(port))
            crowd.change {
                $0.maySend = half
                $0.endsAfter = 2 * half
            }
            try crowd.run("half of each is back", within: .seconds(40)) { members in
                members.allSatisfy { $0.received == half || $0.ending != nil }
            }
            #expect(crowd.members.allSatisfy { $0.isOpen })

            // All transfers are in flight when the signal comes.
            crowd.change { $0.maySend = .max }
            proxy.child.signal(SIGTERM)
            try waitUntil("the listener is closed", within: .seconds(5)) {
                TestListener.isFree(port)
            }
            #expect(!proxy.child.hasEnded)
            try crowd.run("all transfers end", within: .seconds(40)) { members in
                members.allSatisfy { $0.ending != nil }
            }
            #expect(crowd.members.allSatisfy { $0.ending == 0 && $0.received == 2 * half })
            try proxy.expectEnd(0)
            let summary = proxy.summary
            #expect(summary["completed"] == 1_000)
            // This test reset the connections that were made between the signal and the close of
            // the listener.
            #expect(summary["accepted"] == 1_000 + summary["client_reset", default: 0])
            try origin.stop()
        }

        @Test(arguments: CommandBackend.granted) func aSecondSignal(backend: CommandBackend) throws
        {
            let origin = try CrowdOrigin(.echo)
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.listener.port)"], backend: backend)
            let crowd = Crowd()
            try crowd.connect(100, to: .port(try proxy.port()))
            crowd.change { $0.maySend = 1_000 }
            try crowd.run("they talk") { $0.allSatisfy { $0.received == 1_000 } }
            proxy.child.signal(SIGTERM)
            try proxy.child.errors.waitForLine("draining")
            #expect(!proxy.child.hasEnded)
            let start = ContinuousClock.now
            proxy.child.signal(SIGINT)
            try proxy.expectEnd(4, within: .seconds(10))
            #expect(ContinuousClock.now - start < .seconds(5))
            try crowd.run("all are cut") { $0.allSatisfy { $0.ending != nil } }
            #expect(crowd.members.allSatisfy { $0.ending == ECONNRESET })
            #expect(proxy.summary["drain_cut"] == 100)
            try origin.stop()
        }

        @Test(arguments: CommandBackend.granted) func theDrainTimeout(backend: CommandBackend)
            throws
        {
            let origin = try TestListener()
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.port)"], backend: backend,
                options: ["--drain-timeout", "300ms"])
            let client = try Wire(toPort: try proxy.port())
            let upstream = try origin.accept()
            try client.write("x")
            #expect(try upstream.readText(1) == "x")
            proxy.child.signal(SIGTERM)
            #expect(try client.readEnd() == .reset)
            #expect(try upstream.readEnd() == .reset)
            try proxy.expectEnd(4)
            #expect(proxy.summary["drain_cut"] == 1)
        }

        /// A session that ends in time does not count as cut.
        @Test(arguments: CommandBackend.granted) func aDrainInTime(backend: CommandBackend) throws {
            let origin = try TestListener()
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.port)"], backend: backend)
            let client = try Wire(toPort: try proxy.port())
            let upstream = try origin.accept()
            proxy.child.signal(SIGTERM)
            try proxy.child.errors.waitForLine("draining")
            try client.write("bye")
            client.finish()
            #expect(try upstream.readAll() == (Array("bye".utf8), .clean))
            upstream.close()
            #expect(try client.readEnd() == .clean)
            try proxy.expectEnd(0)
        }

        @Test(arguments: CommandBackend.granted) func aKillAndARestart(backend: CommandBackend)
            throws
        {
            let origin = try CrowdOrigin(.echo)
            let folder = try TemporaryFolder()
            let path = folder.file("a.sock")
            let target = "tcp://127.0.0.1:\(origin.listener.port)"
            var listen = "tcp://127.0.0.1:0"
            for round in 0..<4 {
                let proxy = try Proxy([listen, target, "unix://\(path)", target], backend: backend)
                let port = try proxy.port()
                listen = "tcp://127.0.0.1:\(port)"
                let crowd = Crowd()
                try crowd.connect(50, to: .port(port))
                try crowd.connect(50, to: .path(path), firstKey: 50)
                crowd.change { $0.maySend = 20_000 }
                try crowd.run("they talk in round \(round)") {
                    $0.allSatisfy { $0.received == 20_000 }
                }
                proxy.child.signal(SIGKILL)
                try crowd.run("all see the end") { $0.allSatisfy { $0.ending != nil } }
                #expect(try proxy.child.exitCode() == -SIGKILL)
            }
            let last = try Proxy([listen, target, "unix://\(path)", target], backend: backend)
            try last.end()
            try origin.stop()
        }

        /// After a stop and a continue its timers catch up, and the sessions are still open.
        @Test(arguments: CommandBackend.granted) func aPause(backend: CommandBackend) throws {
            let origin = try CrowdOrigin(.echo)
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0?idle=10s", "tcp://127.0.0.1:\(origin.listener.port)"],
                backend: backend)
            let crowd = Crowd()
            try crowd.connect(50, to: .port(try proxy.port()))
            crowd.change { $0.maySend = 1_000 }
            try crowd.run("they talk") { $0.allSatisfy { $0.received == 1_000 } }
            proxy.child.signal(SIGSTOP)
            crowd.change {
                $0.maySend = 2_000
                $0.endsAfter = 2_000
            }
            try crowd.run("they have written") { $0.allSatisfy { $0.sent == 2_000 } }
            proxy.child.signal(SIGCONT)
            try crowd.run("they go on") { $0.allSatisfy { $0.ending != nil } }
            #expect(crowd.members.allSatisfy { $0.ending == 0 && $0.received == 2_000 })
            try proxy.end()
            #expect(proxy.summary["completed"] == 50)
            try origin.stop()
        }
    }
}
