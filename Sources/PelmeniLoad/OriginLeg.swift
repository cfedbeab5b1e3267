/// What an ``OriginWorker`` knows of one connection.
struct OriginLeg {
    /// The header as far as it came, in eight-byte words.
    var headerWords: (UInt64, UInt64, UInt64) = (0, 0, 0)
    var headerBytes = 0
    var header: ExchangeHeader?
    /// Of the request's bytes behind the header.
    var verifier = Verifier(seed: 0, end: 0)
    var isAnswering = false
    /// The client has ended its half.
    var hasEnded = false
    /// Our half is ended.
    var isShut = false

    /// Between two requests.
    var isAtRest: Bool { headerBytes == 0 && !isAnswering }

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

    /// The header, once it is whole; nil when it is none.
    var wholeHeader: ExchangeHeader? {
        withUnsafeBytes(of: headerWords) { words in
            words.baseAddress.flatMap { ExchangeHeader(reading: $0) }
        }
    }
}
