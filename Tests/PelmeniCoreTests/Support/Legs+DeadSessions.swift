@testable import PelmeniCore

extension Legs where R: ~Copyable {
    /// Sessions that relay although the connection of a side is over, and not because both of its
    /// ends were seen: the end was unreported, or the report ignored. A line each.
    mutating func deadSessions() -> [String] {
        var dead: [String] = []
        for leg in legSlab.used where legs[leg].isInUse {
            let row = legs[leg]
            guard !row.session.isNone, sessions[row.session].phase == .relaying,
                row.phase != .closing, !row.kind.isDatagrams,
                !(row.hasEnded && row.writing == .shut), ring.calls.isGone(row.socket)
            else { continue }
            let side = row.kind.isClient ? "client" : "upstream"
            dead.append(
                "session \(row.session.rawValue) relays, and its \(side) is gone: "
                    + "receiving \(row.reading == .receiving), "
                    + "sending \(row.writing == .sending), queued \(row.queue.bytes)")
        }
        return dead
    }
}
