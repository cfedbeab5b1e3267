// The bytes are lent for the call.
import Pelmeni

struct Repeated: BeforeSend {
    // error on the next line: has non-Escapable type 'Span<UInt8>?'
    var earlier: Span<UInt8>?

    mutating func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        earlier = data.bytes
        return .forward
    }
}
