// A closure may outlive the call.
import Pelmeni

final class Keeper {
    var later: (() -> Address)?
}

struct Sized: BeforeSend {
    let keeper = Keeper()

    // error on the next line: 'session' cannot be captured by an escaping closure
    func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        keeper.later = { session.client }
        return .forward
    }
}
