// The method's name is not the protocol's.
import Pelmeni

// error on the next line: does not conform to protocol 'ProtocolDriver'
struct Passing: ProtocolDriver {
    func recieved(
        _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        context.deliver(data.take())
    }

    func arrived(
        _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        context.send(data)
    }
}
