internal import PelmeniCore

/// What an ``OriginWorker`` knows of one connection.
struct OriginLeg {
    /// The header as far as it came, in eight-byte words.
    private var headerWords: (UInt64, UInt64, UInt64) = (0, 0, 0)
    private(set) var headerBytes = 0
    var header: ExchangeHeader?
    /// Of the request's bytes behind the header.
    var verifier = Verifier(seed: 0, end: 0)
    var head = HTTPHead()
    /// What was received and could not be taken yet: an answer before it still waits for room.
    var input = BlockID.none
    var inputAt = 0
    var inputCount = 0
    /// The answer that was made last ends the connection.
    var isLast = false
    /// The client has ended its half.
    var hasEnded = false
    /// Our half is ended.
    var isShut = false

    /// Between two requests.
    var isAtRest: Bool { headerBytes == 0 && head.bytes == 0 }

    /// Takes bytes of the header. Returns how many.
    mutating func takeHeader(_ bytes: UnsafeRawPointer, count: Int) -> Int {
        let taken = min(count, ExchangeHeader.bytes - headerBytes)
        withUnsafeMutableBytes(of: &headerWords) { words in
            guard let to = words.baseAddress else { return }
            (to + headerBytes).copyMemory(from: bytes, byteCount: taken)
        }
        headerBytes += taken
        return taken
    }

    /// The request is whole.
    mutating func rest() {
        header = nil
        headerBytes = 0
    }

    /// The header, once it is whole; nil when it is none.
    var wholeHeader: ExchangeHeader? {
        withUnsafeBytes(of: headerWords) { words in
            words.baseAddress.flatMap { ExchangeHeader(reading: $0) }
        }
    }
}
