// A hook type is copyable, and a buffer is not: a class holds it.
import Pelmeni

struct Delayed: BeforeSend {
    // error on the next line: has non-Copyable type 'Buffer'
    var earlier = Buffer()

    func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        .forward
    }
}
