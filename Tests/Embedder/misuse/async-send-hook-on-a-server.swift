// A type whose only moment belongs to clients.
import Pelmeni

struct Sized: AsyncBeforeSend {
    func beforeSend(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { .forward(data) }
}

let client = UDPClient("192.0.2.1", port: 53)
// error on the next line: requires that 'Sized' conform to 'AsyncServerHook'
let server = UDPServer(client).hook(Sized())
