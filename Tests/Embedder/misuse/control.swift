// Compiles: the other files here fail for their fault, and not for the flags of the compiler.
import Pelmeni

struct Sized: BeforeSend, BeforeRespond {
    private var first: UInt8 = 0

    mutating func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        if data.count > 0 { first = data.bytes[0] }
        return .forward
    }

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        data.count > 512 ? .drop : .forward
    }
}

let client = UDPClient("192.0.2.1", port: 53).hook { Sized() }
let server = UDPServer(client).beforeForward { _, _ in .forward }
