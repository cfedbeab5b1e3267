internal import PelmeniCore
internal import PelmeniRuntime

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
    /// The block behind the queue that is being filled; below, its bytes so far. Many small streams
    /// share it, and leave in one call.
    var making = BlockID.none
    var made = 0
    /// The stream behind that block.
    var outgoing = StreamToSend()
}
