// The session is lent for the call.
import Pelmeni

final class Keeper {
    var session: Session?
}

struct Sized: BeforeSend {
    let keeper = Keeper()

    // error on the next line: 'session' is borrowed and cannot be consumed
    func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        keeper.session = consume session
        return .forward
    }
}
