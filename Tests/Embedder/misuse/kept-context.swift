// The context is lent for the call.
import Pelmeni

final class Keeper {
    var context: Context?
}

struct Passing: ProtocolDriver {
    func makeState() throws -> Keeper { Keeper() }

    func received(
        _ data: inout Buffer, _ keeper: inout Keeper, _ context: borrowing Context
    ) throws {
        context.deliver(data.take())
    }

    func arrived(
        // error on the next line: 'context' is borrowed and cannot be consumed
        _ data: consuming Buffer, _ keeper: inout Keeper, _ context: borrowing Context
    ) throws {
        keeper.context = consume context
        context.send(data)
    }
}
