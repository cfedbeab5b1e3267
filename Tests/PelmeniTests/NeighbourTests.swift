import Pelmeni
import TestSupport
import Testing

/// One hostile peer, and a well-behaved session beside it, on the same worker and mostly at the
/// same listener: the neighbour's exchanges all complete. The test prints their times; the bound
/// separates a served session from a starved one.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct NeighbourTests {
    private static let bound = Duration.seconds(2)
    private static let exchanges = 20
    private static let time = Duration.milliseconds(300)

    /// epoll, and io_uring with the machine's features.
    private static let variants = Array(Variant.all.prefix(2))

    private static func expect(
        _ hostility: Hostility, _ crossing: Crossing, _ variant: Variant
    ) async throws {
        let place = try Neighbourhood(crossing, hostility, variant)
        try await place.engine.start()
        let neighbour = try place.client(0)
        // Every fifth exchange is a new client's.
        func exchange(_ number: Int, _ text: String) throws -> Duration {
            let start = ContinuousClock.now
            let client = number % 5 == 4 ? try place.client(number) : neighbour
            try client.ask(text)
            #expect(try client.answerText() == text)
            if number % 5 == 4 { client.close() }
            return ContinuousClock.now - start
        }
        let alone = try (0..<Self.exchanges).map { try exchange($0, "alone \($0)") }.sorted()
        let peer = HostilePeer(place)
        try waitUntil("the other one is at it") { peer.actCount > 2 }
        var took: [Duration] = []
        let start = ContinuousClock.now
        while took.count < Self.exchanges || ContinuousClock.now - start < Self.time {
            took.append(try exchange(took.count, "beside \(took.count)"))
        }
        took.sort()
        print(
            "neighbour, \(hostility.rawValue), \(crossing.testDescription), "
                + "\(variant.testDescription): alone p50 \(alone[alone.count / 2].inMilliseconds) ms; "
                + "beside it p50 \(took[took.count / 2].inMilliseconds), "
                + "max \(took[took.count - 1].inMilliseconds) ms, \(took.count) exchanges")
        #expect(took[took.count - 1] < Self.bound)
        try peer.stop()
        neighbour.close()
        try await place.stop()
    }

    @Test(arguments: Crossing.all, variants)
    func tinyMessages(crossing: Crossing, variant: Variant) async throws {
        try await Self.expect(.flood, crossing, variant)
    }

    @Test(arguments: Crossing.all, variants)
    func aPeerThatDoesNotRead(crossing: Crossing, variant: Variant) async throws {
        try await Self.expect(.silence, crossing, variant)
    }

    @Test(arguments: Crossing.fromStream, variants)
    func messagesWithoutAnEnd(crossing: Crossing, variant: Variant) async throws {
        try await Self.expect(.unfinished, crossing, variant)
    }

    @Test(arguments: Crossing.toStream, variants)
    func answersWithoutAnEnd(crossing: Crossing, variant: Variant) async throws {
        try await Self.expect(.unfinishedAnswers, crossing, variant)
    }

    @Test(arguments: Crossing.all.filter { $0.from.isStream }, variants)
    func resets(crossing: Crossing, variant: Variant) async throws {
        try await Self.expect(.resets, crossing, variant)
    }

    @Test(arguments: Crossing.all.filter { $0.to.isStream }, variants)
    func dialsThatGoNowhere(crossing: Crossing, variant: Variant) async throws {
        try await Self.expect(.dials, crossing, variant)
    }
}
