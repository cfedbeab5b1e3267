import CPelmeni
import Glibc
import TestSupport
import Testing

@testable import PelmeniCore

/// Streams whose bytes, urgent bytes, ends and resets come close together: a ring hands all of them
/// out, in order, whichever of them were there when it began to receive.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct RingStreamTests {
    /// The moment at which the ring begins to receive.
    enum Armed: CaseIterable {
        /// Before the first byte, and already waiting for it.
        case before
        /// After the last event, with the hint that bytes are there, or without.
        case behind
        case behindUnaware
    }

    // MARK: Ends right behind bytes

    /// Bytes and a reset come together. A receive that reads the bytes and then waits for the reset
    /// waits for ever (liburing's issue 1549 reports it for ends on Unix sockets).
    @Test(arguments: RingChoice.real, Armed.allCases)
    func aResetRightBehindBytes(choice: RingChoice, armed: Armed) throws {
        try expectEnds(choice, armed, ECONNRESET) {
            try SocketPair.tcp(for: $0)
        } end: {
            $0.reset()
        }
    }

    @Test(arguments: RingChoice.real, Armed.allCases)
    func anEndRightBehindBytes(choice: RingChoice, armed: Armed) throws {
        try expectEnds(choice, armed, 0) {
            try SocketPair.tcp(for: $0)
        } end: {
            $0.finish()
        }
        // A ring may miss the end there unless a receive is for one block: the relay ensures that.
        try expectEnds(choice, armed, 0, limit: BlockClass.small.bytes) {
            try SocketPair.unix(SOCK_STREAM, for: $0)
        } end: {
            $0.finish()
        }
    }

    /// Descriptors that come with bytes are told of and closed, and no byte is missing.
    @Test(arguments: RingChoice.real, Armed.allCases)
    func descriptorsWithBytes(choice: RingChoice, armed: Armed) throws {
        try RingBench.run(choice) { bench in
            let pair = try SocketPair.unix(SOCK_STREAM, for: bench)
            let slot = try bench.attach(pair.near, isUnix: true)
            bench.limit(slot, BlockClass.small.bytes)
            if armed == .before { bench.receive(slot) }
            var pipe: [Int32] = [-1, -1]
            try #require(pelmeni_spawn_pipe(&pipe) == 0)
            defer { close(pipe[0]) }
            try pair.far.write("a")
            for text in ["bc", "de"] { try pair.far.write(text, with: pipe[1]) }
            try pair.far.write("f")
            close(pipe[1])
            if armed != .before { bench.receive(slot, expectsBytes: armed == .behind) }
            #expect(try bench.run { bench[slot].received.count == 6 })
            #expect(bench[slot].received == Array("abcdef".utf8))
            #expect((1...2).contains(bench[slot].withDescriptors), "of two sends")
            #expect(DescriptorPassing.isClosed(readingEnd: pipe[0]))
            let told = bench[slot].withDescriptors
            try pair.far.write("g")
            pair.far.finish()
            #expect(try bench.run { bench[slot].ending == 0 })
            #expect(bench[slot].withDescriptors == told)
            try bench.closeAll([slot])
        }
    }

    private func expectEnds(
        _ choice: RingChoice, _ armed: Armed, _ ending: Int32,
        limit: Int = 16 * BlockClass.small.bytes, open: (RingBench) throws -> SocketPair,
        end: (Wire) -> Void, location: SourceLocation = #_sourceLocation
    ) throws {
        for size in [5, 40_000] {
            let bytes = Pattern.shared.stream(key: size, count: size)
            try RingBench.run(choice) { bench in
                let pairs = try (0..<60).map { _ in try open(bench) }
                let slots = try pairs.map { try bench.attach($0.near, isUnix: $0.isUnix) }
                for slot in slots { bench.limit(slot, limit) }
                if armed == .before {
                    for slot in slots { bench.receive(slot) }
                    try bench.turn()
                }
                for pair in pairs {
                    try pair.far.write(bytes)
                    end(pair.far)
                }
                if armed != .before {
                    for slot in slots { bench.receive(slot, expectsBytes: armed == .behind) }
                }
                _ = try bench.run { slots.allSatisfy { bench[$0].ending != nil } }
                let untold = slots.count { bench[$0].ending == nil }
                #expect(
                    untold == 0, "\(untold) of \(slots.count) not told", sourceLocation: location)
                for slot in slots where bench[slot].ending != nil {
                    let row = bench[slot]
                    #expect(row.ending == ending, sourceLocation: location)
                    // A reset discards unsent bytes of its own side.
                    #expect(
                        ending == 0 ? row.received == bytes : bytes.starts(with: row.received),
                        "\(row.received.count) of \(size)", sourceLocation: location)
                }
                try bench.closeAll(slots)
            }
        }
    }

    // MARK: Urgent bytes

    private static let texts = ["before.!behind.", "!behind.", "before.!", "a!b!c!d", "!"]

    /// With SO_OOBINLINE, set on the engine's sockets, an urgent byte is part of the stream; a
    /// receive still ends before it, and short.
    @Test(arguments: RingChoice.real, Armed.allCases)
    func urgentBytes(choice: RingChoice, armed: Armed) throws {
        try RingBench.run(choice) { bench in
            for text in Self.texts {
                for ending in [nil, 0, ECONNRESET] {
                    let pair = try SocketPair.tcp(for: bench)
                    var on: Int32 = 1
                    setsockopt(pair.near, SOL_SOCKET, SO_OOBINLINE, &on, 4)
                    let slot = try bench.attach(pair.near)
                    if armed == .before {
                        bench.receive(slot)
                        try bench.turn()
                    }
                    try Self.send(text, on: pair.far)
                    if ending == 0 { pair.far.finish() }
                    if armed != .before { bench.receive(slot, expectsBytes: armed == .behind) }
                    let all = Array(text.utf8)
                    #expect(
                        try bench.run { bench[slot].received == all }, "\(text), \(ending ?? -1)")
                    if ending == ECONNRESET { pair.far.reset() }
                    if let ending {
                        #expect(
                            try bench.run { bench[slot].ending == ending }, "\(text), \(ending)")
                    }
                    try bench.closeAll([slot])
                }
            }
        }
    }

    /// Exclamation marks are sent as urgent bytes.
    static func send(_ text: String, on wire: Wire) throws {
        for byte in text.utf8 {
            var byte = byte
            let urgent = byte == UInt8(ascii: "!") ? Int32(MSG_OOB) : 0
            guard Glibc.send(wire.socket, &byte, 1, urgent | Int32(MSG_NOSIGNAL)) == 1
            else { throw WireError("send") }
        }
    }
}
