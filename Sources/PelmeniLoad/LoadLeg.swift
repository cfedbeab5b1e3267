internal import PelmeniCore

/// One socket of a load thread.
struct LoadLeg {
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let open = Flags(rawValue: 1)
        static let closing = Flags(rawValue: 2)
        static let connecting = Flags(rawValue: 4)
        static let receiving = Flags(rawValue: 8)
        static let sending = Flags(rawValue: 16)

        static let inFlight: Flags = [.connecting, .receiving, .sending]
    }

    var socket: Int32 = -1
    var generation: UInt32 = 0
    var flags: Flags = []
    var queue = SendQueue()
    /// What is to follow the queue: a block that is being filled, with its bytes so far. Many small
    /// streams share it, and go out in one call.
    var making = BlockID.none
    var made = 0
    /// What is to follow that block.
    var outgoing = StreamToSend()
}
