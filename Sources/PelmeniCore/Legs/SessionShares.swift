/// How the descriptors of an engine are divided between the sessions of its two kinds of listeners.
/// Neither kind may take the other's last share; what lies between the shares is for whoever comes
/// first.
///
/// Only values, so that a test may ask them.
package struct SessionShares: Equatable, Sendable {
    /// Tenths that one kind may take where both are listened for: three are the other's own.
    static let tenthsMax = 7
    /// Tenths of the limit that sessions of datagrams may take in any case.
    static let datagramTenths = 7
    /// Local ports, 28,232 by default for one address (ip_local_port_range), are theirs too.
    static let datagramSessionsMax = 24_000
    /// Sessions that tables have room for when descriptors would allow more.
    static let streamSessionsMax = 1 << 20
    /// Descriptors of a session that a stream listener brings: the client's and the upstream's.
    static let streamDescriptors: Int64 = 2
    /// And of one of datagrams: its clients share the listener's.
    static let datagramDescriptors: Int64 = 1

    /// Descriptors for the sessions of both kinds.
    package var descriptors: Int64
    /// Sessions at once.
    package var streamsMax: Int64
    package var datagramsMax: Int64

    /// - Parameters:
    ///   - descriptors: what is left for sessions.
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

    /// So many of each kind, whatever descriptors say.
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

    /// Sessions that stream listeners may still bring, beside those that are open.
    @inline(__always)
    package func streamRoom(streams: Int64, datagrams: Int64) -> Int64 {
        let used = Self.descriptors(streams: streams, datagrams: datagrams)
        return min(streamsMax - streams, (descriptors - used) / Self.streamDescriptors)
    }

    /// Whether there may be so many sessions of datagrams beside those of streams.
    @inline(__always)
    package func fitsDatagrams(_ datagrams: Int64, streams: Int64) -> Bool {
        datagrams <= datagramsMax
            && Self.descriptors(streams: streams, datagrams: datagrams) <= descriptors
    }
}
