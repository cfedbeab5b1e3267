import Foundation
import TestSupport
import Testing

extension Integration {
    /// Too many clients, and clients that do not read.
    @Suite(.timeLimit(.minutes(3))) struct LimitTests {
        /// 64 descriptors, 500 clients: the accepted ones continue, the others wait at no cost, and
        /// all of them are served in the end.
        @Test(arguments: CommandBackend.granted) func descriptors(backend: CommandBackend) throws {
            let origin = try CrowdOrigin(.echo)
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.listener.port)"], backend: backend,
                options: ["--workers", "1"], prefix: Launcher.descriptors(64))
            let crowd = Crowd()
            try crowd.connect(500, to: .port(try proxy.port()))
            crowd.change { $0.maySend = 100 }
            // As many as fit answer; only time shows that no more do.
            let few = 5
            try crowd.run("some are in") { $0.count { $0.received == 100 } >= few }
            var settledAt = ContinuousClock.now
            try crowd.run(
                "the others wait", progressed: { _ in settledAt = .now },
                until: { _ in ContinuousClock.now - settledAt > .milliseconds(500) })
            let inside = crowd.members.indices.filter { crowd[$0].received == 100 }
            #expect(
                (few..<32).contains(inside.count), "\(inside.count) sessions with 64 descriptors")
            #expect(crowd.members.allSatisfy { $0.isOpen }, "\(crowd.summary)")

            // Established sessions continue, and the waiting clients cost next to nothing.
            let before = try proxy.processorTime()
            let start = ContinuousClock.now
            var pings = 0
            while ContinuousClock.now - start < .seconds(2) {
                for index in inside { crowd[index].maySend += 100 }
                try crowd.run("a ping of each") { members in
                    inside.allSatisfy { members[$0].received == members[$0].maySend }
                }
                pings += 1
                usleep(50_000)
            }
            let used = try proxy.processorTime() - before
            #expect(pings >= 10)
            #expect(used < (ContinuousClock.now - start) / 5, "\(used) of processor time in 2 s")

            // Each session that ends makes room for the next.
            crowd.change { $0.endsAfter = $0.maySend }
            try crowd.run("all 500 are served", within: .seconds(40)) { members in
                members.allSatisfy { $0.ending != nil }
            }
            #expect(crowd.members.allSatisfy { $0.ending == 0 && $0.received == $0.endsAfter })
            try proxy.end()
            #expect(proxy.summary["accepted"] == 500)
            #expect(proxy.summary["completed"] == 500)
            try origin.stop()
        }

        /// With few descriptors the start says how many sessions fit, and without a word otherwise.
        @Test(arguments: CommandBackend.granted) func fewDescriptorsAreSaid(
            backend: CommandBackend
        ) throws {
            let origin = try CrowdOrigin(.echo)
            let cases: [(limit: Int, options: [String], isFew: Bool)] = [
                (40, [], true), (1_024, [], false), (1_024, ["--sessions", "100"], false),
                (1_024, ["--sessions", "5000"], true), (40, ["--sessions", "1"], false),
            ]
            for (limit, options, isFew) in cases {
                let proxy = try Proxy(
                    ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.listener.port)"],
                    backend: backend, options: ["--workers", "1"] + options,
                    prefix: Launcher.descriptors(limit))
                _ = try proxy.port()
                try proxy.end()
                let lines = proxy.child.errors.everything.split(separator: "\n").filter {
                    $0.contains("few sessions fit into the limit of descriptors")
                }
                #expect(
                    lines.count == (isFew ? 1 : 0), "\(limit): \(proxy.child.errors.everything)")
                #expect(
                    lines.allSatisfy {
                        $0.contains(" warning ") && $0.contains("limit=\(limit) ")
                    })
            }
            try origin.stop()
        }

        /// However few descriptors there are, a failed start leaves no socket file.
        @Test(arguments: CommandBackend.granted) func aStartWithoutDescriptors(
            backend: CommandBackend
        ) throws {
            let folder = try TemporaryFolder()
            let path = folder.file("server.sock")
            let origin = try TestListener(.path(folder.file("origin.sock")))
            var failures = 0
            var hasStarted = false
            for limit in 7..<64 where !hasStarted {
                let child = try Child(
                    Launcher.descriptors(limit) + [
                        try Binary.required(), "run", "unix://\(path)",
                        "unix://\(folder.file("origin.sock"))", "--backend", backend.rawValue,
                        "--workers", "1",
                    ])
                try waitUntil("it has started or failed") {
                    child.output.everything.contains("ready ") || child.hasEnded
                }
                hasStarted = child.output.everything.contains("ready ")
                if hasStarted { child.signal(SIGTERM) } else { failures += 1 }
                let code = try child.exitCode()
                #expect((code == 0) == hasStarted, "limit \(limit): \(code)")
                #expect(access(path, F_OK) != 0, "limit \(limit)")
            }
            #expect(hasStarted)
            #expect(failures > 1)
            origin.close()
        }

        /// 1,000 clients that read nothing behind sources that never stop: memory stays within the
        /// pool, and no session is closed. Other clients are answered while the flood comes in, and
        /// once the readers have stalled.
        @Test(.alone, arguments: CommandBackend.granted) func stalledReaders(
            backend: CommandBackend
        )
            async throws
        {
            let source = try CrowdOrigin(.source)
            let echo = try CrowdOrigin(.echo)
            let proxy = try Proxy(
                [
                    "tcp://127.0.0.1:0", "tcp://127.0.0.1:\(source.listener.port)",
                    "tcp://127.0.0.1:0",
                    "tcp://127.0.0.1:\(echo.listener.port)",
                ], backend: backend, options: ["--workers", "2"])
            let base = try proxy.memory()
            let others = try Pingers(100, port: try proxy.port(1))
            let stalled = Crowd()
            let sourcePort = try proxy.port(0)
            let flood = beside {
                try stalled.connect(1_000, to: .port(sourcePort), receiveBuffer: 128 << 10)
                stalled.change { $0.isReading = false }
                // One byte selects the stream; none of the stream is read.
                try stalled.request()
            }
            let meanwhile = try others.latency()
            try await flood.value
            let afterwards = try others.latency()
            // How long they wait is a figure: `pelmeni bench` measures it, and no test asserts it.
            print("\(backend.rawValue): p99 \(meanwhile) as readers stall, then \(afterwards)")
            try others.end()

            // The pool is 256 MiB by default; tables and the process itself are small beside it.
            let grown = try proxy.memory() - base
            #expect(grown < 300 << 20, "\(grown >> 20) MiB more than at the start")
            #expect(stalled.members.allSatisfy { $0.isOpen }, "\(stalled.summary)")

            // They read again: each stream is complete and in order, from the first byte on.
            stalled.change { $0.isReading = true }
            let enough = 1 << 20
            func stopsWhenEnough(_ index: Int) {
                if stalled[index].received >= enough { stalled[index].isReading = false }
            }
            try stalled.run(
                "they read on", within: .seconds(60), progressed: stopsWhenEnough,
                until: { $0.allSatisfy { $0.received >= enough || $0.ending != nil } })
            let said = proxy.child.errors.everything
            #expect(stalled.members.allSatisfy { $0.ending == nil }, "\(stalled.summary); \(said)")
            for index in stalled.members.indices { stalled.close(index, reset: true) }
            proxy.child.signal(SIGTERM)
            try proxy.expectEnd(0)
            let summary = proxy.summary
            #expect(summary["client_reset"] == 1_000)
            #expect(summary["accepted"] == 1_000 + summary["completed", default: 0])
            try source.stop()
            try echo.stop()
        }
    }
}

/// Sessions with one small echo outstanding each, and the time of those.
private struct Pingers {
    private let crowd = Crowd()

    init(_ count: Int, port: UInt16) throws {
        try crowd.connect(count, to: .port(port))
        crowd.change { $0.maySend = 64 }
        try crowd.run("each has one echo") { $0.allSatisfy { $0.received == 64 } }
    }

    /// The 99th percentile over a second.
    func latency() throws -> Duration {
        var sentAt = [ContinuousClock.Instant](repeating: .now, count: crowd.members.count)
        var took: [Duration] = []
        crowd.change { $0.maySend += 64 }
        let start = ContinuousClock.now
        func ponged(_ index: Int) {
            guard crowd[index].received == crowd[index].maySend else { return }
            took.append(.now - sentAt[index])
            guard ContinuousClock.now - start < .seconds(1) else { return }
            sentAt[index] = .now
            crowd[index].maySend += 64
        }
        try crowd.run(
            "a second of echoes", progressed: ponged,
            until: { members in
                ContinuousClock.now - start > .seconds(1)
                    && members.allSatisfy { $0.received == $0.maySend }
            })
        #expect(crowd.members.allSatisfy { $0.isOpen }, "\(crowd.summary)")
        took.sort()
        return took[took.count * 99 / 100]
    }

    func end() throws {
        crowd.change { $0.endsAfter = $0.maySend }
        try crowd.run("they end in order") { $0.allSatisfy { $0.ending != nil } }
    }
}
