// The method's name is not the protocol's.
import Pelmeni

// error on the next line: does not conform to protocol 'BeforeRespond'
struct Upper: BeforeRespond {
    func beforeResponse(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        .forward
    }
}
