/// One direction of a connection: the sender's buffer, the network, the receiver's buffer.
struct SimulatedPipe {
    var sendCapacity = 0
    var receiveCapacity = 0
    /// Bytes that the sender's kernel took.
    var written = 0
    /// Bytes in the receiver's kernel, or read from there.
    var arrived = 0
    /// The time at which bytes last arrived there.
    var arrivedAt: UInt64 = 0
    var read = 0
    var endWritten = false
    var endArrived = false
    /// Bytes are in flight: an event of the pipe is pending.
    var isMoving = false

    /// Bytes that the other side has not acknowledged.
    var transit: Int { written - arrived }
    var unread: Int { arrived - read }
    var sendRoom: Int { max(0, sendCapacity - transit) }
    var receiveRoom: Int { max(0, receiveCapacity - unread) }
}
