/// How an engine's descriptors are divided between stream and datagram sessions. Neither kind may
/// take the other's last share; the part between them is first come, first served. Values only.
package struct SessionShares: Equatable, Sendable {
    /// Tenths for one kind where both have listeners: three are the other's own.
    static let tenthsMax = 7
    /// Tenths of the limit for datagram sessions in any case.
    static let datagramTenths = 7
    /// Local ports too: 28,232 by default for one address (ip_local_port_range).
    static let datagramSessionsMax = 24_000
    /// Sessions that tables have room for when descriptors would allow more.
    static let streamSessionsMax = 1 << 20
    /// Descriptors of a stream session: the client's and the upstream's.
    static let streamDescriptors: Int64 = 2
    /// Of a datagram session: its clients share the listener's.
    static let datagramDescriptors: Int64 = 1

    package var descriptors: Int64
    /// Sessions at once.
    package var streamsMax: Int64
    package var datagramsMax: Int64

    /// - Parameters:
    ///   - descriptors: left for sessions.
    ///   - limit: of the process.
    package init(descriptors: Int, limit: Int, hasStreams: Bool, hasDatagrams: Bool) {
        let left = max(0, descriptors)
        let isDivided = hasStreams && hasDatagrams
        let most = isDivided ? left / 10 * Self.tenthsMax + left % 10 * Self.tenthsMax / 10 : left
        let tenths = limit / 10 * Self.datagramTenths
        self.descriptors = Int64(max(left, Int(Self.streamDescriptors)))
        streamsMax = Int64(
            min(max(1, most / Int(Self.streamDescriptors)), Self.streamSessionsMax))
        datagramsMax =
            hasDatagrams ? Int64(max(1, min(most, tenths, Self.datagramSessionsMax))) : 0
    }

    /// Fixed numbers, whatever the descriptors.
    package init(streams: Int, datagrams: Int) {
        streamsMax = Int64(streams)
        datagramsMax = Int64(datagrams)
        descriptors = Self.descriptors(streams: streamsMax, datagrams: datagramsMax)
    }

    private static func descriptors(streams: Int64, datagrams: Int64) -> Int64 {
        streams * streamDescriptors + datagrams * datagramDescriptors
    }

    /// Rows of a worker's table, which may get all sessions of the engine.
    package var rows: Int {
        let beside = max(0, descriptors - datagramsMax * Self.datagramDescriptors)
        return Int(max(streamsMax, datagramsMax + min(streamsMax, beside / Self.streamDescriptors)))
    }

    /// Sessions that stream listeners may still open.
    @inline(__always)
    package func streamRoom(streams: Int64, datagrams: Int64) -> Int64 {
        let used = Self.descriptors(streams: streams, datagrams: datagrams)
        return min(streamsMax - streams, (descriptors - used) / Self.streamDescriptors)
    }

    /// Whether this many datagram sessions fit beside the stream sessions.
    @inline(__always)
    package func fitsDatagrams(_ datagrams: Int64, streams: Int64) -> Bool {
        datagrams <= datagramsMax
            && Self.descriptors(streams: streams, datagrams: datagrams) <= descriptors
    }
}
