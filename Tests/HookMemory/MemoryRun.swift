import AllocationCount
import ExampleSupport
import Glibc
import Pelmeni

/// The scenes of one backend.
struct MemoryRun {
    let backend: BackendChoice
    let isMasked: Bool

    private static let sessionCount = 10_000
    private static let warmUp = 2_000
    private static let roundTrips = 5_000
    private static let endlessCount = 200

    private func engine(_ server: any Server) async throws -> (Engine, UInt16) {
        var options = EngineOptions()
        if isMasked { options.disabledFeatures = .newerThanLinux61 }
        let engine = try Engine(
            backend: backend, workers: 1, servers: [server], options: options)
        try await engine.start()
        return (engine, engine.listeners.first?.port ?? 0)
    }

    private func wait(_ engine: Engine, _ condition: (Statistics) -> Bool) throws {
        let end = ContinuousClock.now + .seconds(60)
        while !condition(engine.statistics) {
            guard ContinuousClock.now < end else { throw ExampleFailure("waited in vain") }
            usleep(1_000)
        }
    }

    // MARK: Sessions

    /// Resident bytes more with so many sessions that each had one datagram.
    ///
    /// - Parameter kind: `hook`, or `none`.
    func sessions(_ kind: String) async throws -> Int {
        let sink = try PlainSocket.listening(.datagrams)
        var server = UDPServer(
            UDPClient("127.0.0.1", port: sink.port), listen: "127.0.0.1", port: 0)
        server.options.idleTimeout = .never
        if kind == "hook" { server = server.hook { FourCounts() } }
        let (engine, port) = try await engine(server)
        let before = Self.memory("VmRSS:")
        for number in 0..<Self.sessionCount {
            try send(to: port, from: number)
            // The listener's queue holds some hundreds.
            if number % 64 == 63 || number == Self.sessionCount - 1 {
                try wait(engine) { $0.accepted > number }
            }
        }
        let after = Self.memory("VmRSS:")
        guard engine.statistics.open == Self.sessionCount else {
            throw ExampleFailure("\(engine.statistics.open) sessions are open")
        }
        await engine.stop()
        return after - before
    }

    /// Each client has an address of its own: 127.1.0.0 and on.
    private func send(to port: UInt16, from number: Int) throws {
        let client = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0 else { throw ExampleFailure("socket: \(errno)") }
        defer { close(client) }
        let own = Self.address(0x7f01_0000 + UInt32(number), 0)
        let server = Self.address(0x7f00_0001, port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(client, $0, length) }
        }
        let sent = withUnsafePointer(to: server) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(client, "?", 1, 0, $0, length)
            }
        }
        guard bound == 0, sent == 1 else { throw ExampleFailure("sendto: \(errno)") }
    }

    private static func address(_ host: UInt32, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        return address
    }

    /// Bytes of a line of proc_pid_status(5).
    private static func memory(_ line: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 256)
        while fgets(&text, Int32(text.count), file) != nil {
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let words = String(decoding: bytes, as: UTF8.self).split {
                $0 == " " || $0 == "\t" || $0 == "\n"
            }
            if words.count > 1, words[0] == line { return (Int(words[1]) ?? 0) << 10 }
        }
        return 0
    }

    // MARK: Units

    /// The worker's allocations in thousands of round trips, once all is warm.
    ///
    /// - Parameter kind: `chunks`, `messages` or `datagrams`; with `-edits` the hook edits each,
    ///   with `-held` or `-emitted` it holds or emits bytes, and with `-arrays` it allocates an
    ///   array.
    func units(_ kind: String) async throws -> Int {
        let isStream = !kind.hasPrefix("datagrams")
        let upstream = try PlainSocket.listening(isStream ? .stream : .datagrams)
        var server: any Server =
            isStream
            ? TCPServer(
                TCPClient("127.0.0.1", port: upstream.port), listen: "127.0.0.1", port: 0,
                framing: kind.hasPrefix("messages") ? .fixed(64) : nil)
            : UDPServer(
                UDPClient("127.0.0.1", port: upstream.port), listen: "127.0.0.1", port: 0)
        switch kind.split(separator: "-").last {
        case "edits": server = server.hook { Edits() }
        case "held": server = server.hook { Pieces(isHeld: true) }
        case "emitted": server = server.hook { Pieces(isHeld: false) }
        case "arrays": server = server.hook { Arrays() }
        default: server = server.hook { FourCounts() }
        }
        let (engine, port) = try await engine(server)
        let client = try PlainSocket.connected(isStream ? .stream : .datagrams, to: port)
        let far = isStream ? try upstream.accept() : upstream
        let unit = [UInt8](repeating: 0x61, count: 64)
        if kind.hasSuffix("-held") {
            // What the hook holds of the first chunks: later ones are as long as they came.
            try client.send([UInt8](repeating: 0x61, count: 5))
            try far.send([UInt8](repeating: 0x61, count: 5))
        }
        var before: UInt = 0
        for number in 0..<Self.warmUp + Self.roundTrips {
            if number == Self.warmUp { before = allocation_count() }
            try client.send(unit)
            let question = try far.receive(exactly: unit.count)
            if isStream { try far.send(question) } else { try far.answer(question) }
            guard try client.receive(exactly: unit.count) == question else {
                throw ExampleFailure("another answer")
            }
        }
        let after = allocation_count()
        let calls = engine.statistics.hooks[0].calls
        guard calls >= 2 * (Self.warmUp + Self.roundTrips) else {
            throw ExampleFailure("\(calls) calls")
        }
        await engine.stop()
        return Int(after - before)
    }

    // MARK: Endless edits

    /// How far the peak of resident memory rises with sessions whose hook edits without an end.
    ///
    /// - Parameter edit: `append` or `emit`.
    func endless(_ edit: String) async throws -> Int {
        let upstream = try PlainSocket.listening(.stream)
        let server = TCPServer(
            TCPClient("127.0.0.1", port: upstream.port), listen: "127.0.0.1", port: 0
        ).hook { Endless(edit: edit) }
        let (engine, port) = try await engine(server)
        let before = Self.memory("VmHWM:")
        for number in 0..<Self.endlessCount {
            let client = try PlainSocket.connected(.stream, to: port)
            try client.send("?")
            try wait(engine) { $0.causes[.hook] == UInt64(number + 1) }
            _ = try upstream.accept()
        }
        let after = Self.memory("VmHWM:")
        await engine.stop()
        return after - before
    }
}
