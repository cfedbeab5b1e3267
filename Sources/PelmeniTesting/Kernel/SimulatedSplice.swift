/// A pipe of the simulated process, and the stream of its bytes.
struct SimulatedSplice {
    var identity: UInt64 = 0
    /// The row of the peer that sent them.
    var source = 0
    /// The stream's position of the first byte.
    var position = 0
    var count = 0
    var capacity = 0
    var isOpen = true
}
