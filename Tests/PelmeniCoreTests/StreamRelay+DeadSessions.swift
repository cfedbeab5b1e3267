@testable import PelmeniCore

extension StreamRelay where R: ~Copyable {
    /// Sessions that relay though the connection of a side is over, and not because both of its
    /// ends were seen: nobody was told, or somebody did not listen. A line each.
    mutating func deadSessions() -> [String] {
        var dead: [String] = []
        for leg in usedLegs where legs[leg].flags.contains(.inUse) {
            let row = legs[leg]
            guard !row.session.isNone, sessions[row.session].phase == .relaying,
                row.flags.isDisjoint(with: [.closing, .datagrams]),
                !row.flags.isSuperset(of: [.ended, .endSent]), ring.isGone(row.socket)
            else { continue }
            let side = row.flags.contains(.client) ? "client" : "upstream"
            dead.append(
                "session \(row.session.rawValue) relays, and its \(side) is gone: "
                    + "receiving \(row.flags.contains(.receiving)), "
                    + "sending \(row.flags.contains(.sending)), queued \(row.queue.bytes)")
        }
        return dead
    }
}
