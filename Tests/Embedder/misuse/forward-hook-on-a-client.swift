// A type whose only moment belongs to servers.
import Pelmeni

struct Sized: BeforeForward {
    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        .forward
    }
}

// error on the next line: requires that 'Sized' conform to 'ClientHook'
let client = UDPClient("192.0.2.1", port: 53).hook { Sized() }
