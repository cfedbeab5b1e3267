import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// A client and the origin's end of the same session, between two streams of messages.
struct FramedSession: Sendable {
    let pair: FramedPair
    let bridge: Bridge
    let client: Wire
    let upstream: Wire

    init(_ pair: FramedPair, _ bridge: Bridge) throws {
        self.pair = pair
        self.bridge = bridge
        client = try Wire(to: bridge.name)
        upstream = try bridge.origin.accept()
    }

    /// One direction: the wires and the framings of its ends.
    struct Way {
        let from: Wire
        let framing: Framing
        let to: Wire
        let other: Framing
    }

    var toUpstream: Way { Way(from: client, framing: pair.near, to: upstream, other: pair.far) }
    var toClient: Way { Way(from: upstream, framing: pair.far, to: client, other: pair.near) }

    /// Sends messages one way, and expects exactly these bytes.
    func pass(
        _ messages: [[UInt8]], _ way: Way, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let wanted = TestFrame.all(way.other, messages)
        let writing = beside { try way.from.write(TestFrame.sent(way.framing, messages)) }
        let got = try way.to.read(exactly: wanted.count)
        expectSame(got, wanted, pair.testDescription, location)
        try await writing.value
    }

    /// What a peer sees of a reset that destroys nothing: a Unix socket has none.
    func resetEnd(_ face: Face) -> Wire.End { face.isUnix ? .clean : .reset }

    /// The log has the end of a stream, for this reason.
    func waitForBadFrame(_ error: FrameError) throws {
        try waitUntil("\(error) is logged") {
            bridge.log.entries(from: .info).contains {
                $0.message.contains("could not be cut")
                    && $0.fields.contains(.init("reason", error.description))
            }
        }
    }

    /// Both ends are over: the client got these bytes and then a reset, and so did the upstream,
    /// which never saw an end in order.
    func expectResets(
        client wanted: [UInt8] = [], upstream alsoWanted: [UInt8] = [],
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let (bytes, end) = try client.readAll()
        expectSame(bytes, wanted, "the client", location)
        #expect(end == resetEnd(pair.crossing.from), "the client", sourceLocation: location)
        let (others, otherEnd) = try upstream.readAll()
        expectSame(others, alsoWanted, "the upstream", location)
        #expect(otherEnd == resetEnd(pair.crossing.to), "the upstream", sourceLocation: location)
        let statistics = await bridge.stop(location)
        #expect(statistics.causes == [.badFrame: 1], sourceLocation: location)
    }
}
