import Pelmeni
import Testing

@testable import PelmeniICMP

/// A session's echoes, with a patience of 5 ms. Times are in microseconds.
private final class Session {
    private static let patience = Duration.milliseconds(5)
    private var echoes = ICMPClient.Echoes()

    var last: UInt16 { echoes.sequence }

    /// Whether one that was out has lost its place.
    func add(at time: UInt64) -> Bool { echoes.add(now: time * 1000) }

    func take(_ sequence: UInt16, at time: UInt64) -> Bool {
        echoes.take(sequence, now: time * 1000, Self.patience)
    }

    func expire(at time: UInt64) -> Int { echoes.expire(now: time * 1000, Self.patience) }

    func wait(at time: UInt64) -> Duration? { echoes.wait(now: time * 1000, Self.patience) }
}

/// The echoes of a session that are out: which answer belongs to one, and which echo has none.
@Suite struct EchoesTests {
    @Test func eachAnswerOnce() {
        let session = Session()
        var sequences: [UInt16] = []
        for _ in 0..<64 {
            #expect(!session.add(at: 1000))
            sequences.append(session.last)
        }
        for sequence in sequences.shuffled() {
            #expect(session.take(sequence, at: 2000))
            #expect(!session.take(sequence, at: 2000))
        }
        #expect(!session.take(session.last &+ 1, at: 2000))
        #expect(session.wait(at: 2000) == nil)
        #expect(session.expire(at: 1_000_000) == 0)
    }

    /// The 65th takes the place of the first.
    @Test func oneMoreThanFits() {
        let session = Session()
        let lost = (0..<70).count { _ in session.add(at: 1000) }
        #expect(lost == 6)
        #expect(!session.take(session.last &- 64, at: 1000))
        #expect(session.take(session.last &- 63, at: 1000))
        #expect(session.expire(at: 7000) == 63)
    }

    /// An answer in time is taken, a later one not, and then the echo counts as unanswered.
    @Test func patienceIsExact() {
        let session = Session()
        _ = session.add(at: 10_000)
        let first = session.last
        _ = session.add(at: 12_000)
        #expect(session.wait(at: 12_000) == .milliseconds(3) + .nanoseconds(1))
        #expect(session.expire(at: 15_000) == 0)
        #expect(!session.take(first, at: 15_001))
        #expect(session.expire(at: 15_001) == 1)
        #expect(session.wait(at: 16_000) == .milliseconds(1) + .nanoseconds(1))
        #expect(session.take(first &+ 1, at: 17_000))
        #expect(session.expire(at: 30_000) == 0)
        // A timer that is late is set for at once.
        _ = session.add(at: 30_000)
        #expect(session.wait(at: 60_000) == .nanoseconds(1))
    }

    /// Any patience of a millisecond or more.
    @Test func patienceOfAClient() throws {
        #expect(ICMPClient("h").patience == .seconds(5))
        var client = ICMPClient("h", patience: .zero)
        var socket = SocketRequest()
        #expect(throws: ICMPRefusal.self) { try client.initialize(&socket) }
        client.patience = .milliseconds(1)
        guard ICMPSocket.hasPing || ICMPSocket.hasRaw else { return }
        try client.initialize(&socket)
        #expect(socket.reportsErrors)
    }
}
