internal import PelmeniCore
internal import PelmeniRuntime

/// The row of a connection in an ``OriginWorker``.
struct OriginLeg {
    /// The received part of the header, in eight-byte words.
    private var headerWords: (UInt64, UInt64, UInt64) = (0, 0, 0)
    private(set) var headerBytes = 0
    var header: ExchangeHeader?
    /// A request of HTTP whose head is read.
    var work: HTTPWork?
    /// The check of the request's bytes behind the header.
    var verifier = Verifier(seed: 0, end: 0)
    /// Received bytes that wait: an answer before them has no room yet.
    var input = BlockID.none
    var inputAt = 0
    var inputCount = 0
    /// The last answer made ends the connection.
    var isLast = false
    /// The client has ended its half.
    var hasEnded = false
    /// The origin has ended its half.
    var isShut = false

    /// Between two requests.
    var isAtRest: Bool { headerBytes == 0 && work == nil }

    /// Takes bytes of the header. Returns their number.
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

    /// The complete header; nil when it is invalid.
    var wholeHeader: ExchangeHeader? {
        withUnsafeBytes(of: headerWords) { words in
            words.baseAddress.flatMap { ExchangeHeader(reading: $0) }
        }
    }
}
