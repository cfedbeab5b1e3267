import PelmeniCore
import Testing

/// The division of an engine's descriptors between kinds of sessions.
struct SessionSharesTests {
    private func both(_ descriptors: Int, limit: Int = 1 << 20) -> SessionShares {
        SessionShares(descriptors: descriptors, limit: limit, hasStreams: true, hasDatagrams: true)
    }

    /// Whatever one kind has taken, the other one keeps three tenths of the descriptors.
    @Test(arguments: [40, 100, 1_999, 20_000]) func neitherTakesAll(descriptors: Int) {
        let shares = both(descriptors)
        let tenths = Int64(descriptors * 3 / 10)
        let streams = shares.streamRoom(streams: 0, datagrams: shares.datagramsMax)
        #expect(streams >= tenths / 2)
        #expect(streams < shares.streamsMax)
        #expect(shares.fitsDatagrams(tenths, streams: shares.streamsMax))
        #expect(!shares.fitsDatagrams(shares.datagramsMax, streams: shares.streamsMax))
        #expect(!shares.fitsDatagrams(shares.datagramsMax + 1, streams: 0))
        #expect(shares.streamRoom(streams: shares.streamsMax, datagrams: 0) == 0)
    }

    /// Filled in any order, the sums stay within the descriptors and within a worker's table.
    @Test func sumsFit() {
        let shares = both(100)
        for streams in 0...shares.streamsMax {
            var datagrams: Int64 = 0
            while shares.fitsDatagrams(datagrams + 1, streams: streams) { datagrams += 1 }
            #expect(2 * streams + datagrams <= 100)
            #expect(streams + datagrams <= Int64(shares.rows))
            #expect(shares.streamRoom(streams: streams, datagrams: datagrams) >= 0)
        }
        #expect(shares.rows == 70 + 15)
    }

    /// More than fit, as after several workers accepted at once: no room, and no overflow.
    @Test func moreThanFit() {
        let shares = both(100)
        #expect(shares.streamRoom(streams: 200, datagrams: 200) < 0)
        #expect(!shares.fitsDatagrams(1, streams: 200))
    }

    @Test func aKindThatIsAlone() {
        let streams = SessionShares(
            descriptors: 100, limit: 200, hasStreams: true, hasDatagrams: false)
        #expect(streams.streamsMax == 50)
        #expect(streams.rows == 50)
        let datagrams = SessionShares(
            descriptors: 100, limit: 120, hasStreams: false, hasDatagrams: true)
        #expect(datagrams.datagramsMax == 84)
        #expect(datagrams.fitsDatagrams(84, streams: 0))
        #expect(
            SessionShares(
                descriptors: 1 << 20, limit: 1 << 20, hasStreams: false, hasDatagrams: true
            )
            .datagramsMax == 24_000)
    }

    @Test(arguments: [-10, 0, 1, 2, 3]) func hardlyAny(descriptors: Int) {
        let shares = both(descriptors)
        #expect(shares.streamRoom(streams: 0, datagrams: 0) == 1)
        #expect(shares.fitsDatagrams(1, streams: 0))
        #expect(shares.rows >= 1)
    }
}
