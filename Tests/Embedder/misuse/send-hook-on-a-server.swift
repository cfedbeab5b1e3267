// A type whose only moment belongs to clients.
import Pelmeni

struct Sized: BeforeSend {
    func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        .forward
    }
}

let client = UDPClient("192.0.2.1", port: 53)
// error on the next line: requires that 'Sized' conform to 'ServerHook'
let server = UDPServer(client).hook { Sized() }
