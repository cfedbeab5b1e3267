// A buffer has one owner: what is sent is gone.
import Pelmeni

struct Doubled: CustomClient {
    let endpoints: [Endpoint]
    var hooks: [HookTable] = []

    func protocolSend(
        // error on the next line: 'data' consumed more than once
        _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        context.send(data)
        context.deliver(data)
    }
}
