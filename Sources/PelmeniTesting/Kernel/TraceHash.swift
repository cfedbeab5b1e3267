/// One number for the exchange between an engine and its simulated kernel: each operation and call
/// with its descriptor and its size, each completion with its result, and the time of each.
///
/// The engine's own handles, such as a token's index, are left out: two engines that number their
/// rows differently and act the same have the same hash.
struct TraceHash {
    /// The hashed kinds of call.
    enum Call: UInt8 {
        case attach, detach, accept, connect, receive, send, receiveDatagrams, sendDatagrams
        case awaitReadable, awaitWritable, cancelWritable, wake, cancel, submit, completion
        case splice, openPipe, closePipe, open, openDatagrams, settle, configure, shutdown, close
        case closeWithReset, acceptWaiting, closeListener, openReserve, takeReports
        case refuse, listenAgain
    }

    /// The offset basis of FNV-1a with 64 bits.
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Folds a word in: FNV-1a by words rather than bytes, with a shift, since a product moves bits
    /// upwards only.
    @inline(__always)
    mutating func fold(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value ^= value >> 29
    }

    @inline(__always)
    mutating func fold(_ call: Call, _ socket: Int32, _ detail: Int = 0, at time: UInt64) {
        fold(UInt64(call.rawValue) << 32 | UInt64(UInt32(bitPattern: socket)))
        fold(UInt64(bitPattern: Int64(detail)))
        fold(time)
    }
}
