internal import PelmeniCore

/// A datagram or train of the engine in flight.
struct DatagramSend {
    var outgoing: UnsafeMutablePointer<OutgoingDatagram>
    var socket: Int32
    var block: BlockID
    var bytes: UnsafeRawPointer
    var length: Int
    /// The segment size of a train, from its control message as the kernel reads it; 0 for a single
    /// datagram.
    var segment: Int
    /// The checksum of the bytes at the handover.
    var checksum: UInt64
    /// The result to come.
    var result: Int32 = 0

    var count: Int { segment == 0 ? 1 : max(1, (length + segment - 1) / segment) }

    static func checksum(_ bytes: UnsafeRawPointer, _ length: Int, _ seed: UInt64 = 0) -> UInt64 {
        var sum = seed &+ UInt64(length)
        var at = 0
        while at + 8 <= length {
            let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            sum = (sum ^ word) &* 0x9e37_79b9_7f4a_7c15
            sum ^= sum >> 29
            at += 8
        }
        while at < length {
            let byte = bytes.load(fromByteOffset: at, as: UInt8.self)
            sum = (sum ^ UInt64(byte)) &* 0x9e37_79b9_7f4a_7c15
            at += 1
        }
        return sum
    }
}
