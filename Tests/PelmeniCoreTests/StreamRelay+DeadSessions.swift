@testable import PelmeniCore

extension StreamRelay where R: ~Copyable {
    /// Sessions that relay though the connection of a side is over, and not because both of its
    /// ends were seen: nobody was told, or somebody did not listen. A line each.
    mutating func deadSessions() -> [String] {
        var dead: [String] = []
        for leg in 0..<freshLeg where legs[Int(leg)].flags.contains(.inUse) {
            let row = legs[Int(leg)]
            guard row.session != .max, sessions[Int(row.session)].phase == .relaying,
                row.flags.isDisjoint(with: [.closing, .datagrams]),
                !row.flags.isSuperset(of: [.ended, .endSent]), ring.isGone(row.socket)
            else { continue }
            let side = row.flags.contains(.client) ? "client" : "upstream"
            dead.append(
                "session \(row.session) relays, and its \(side) is gone: "
                    + "receiving \(row.flags.contains(.receiving)), "
                    + "sending \(row.flags.contains(.sending)), queued \(row.queue.bytes)")
        }
        return dead
    }
}
