internal import ExampleSupport
internal import Pelmeni

/// Counts the bytes of a session, and reports them with the client's address when it ends.
struct ClientTee: BeforeForward, BeforeRespond, OnClose {
    let print: LinePrinter
    private var sent = 0
    private var received = 0

    init(_ print: LinePrinter) { self.print = print }

    mutating func beforeForward(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        sent += data.count
        return .forward
    }

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        received += data.count
        return .forward
    }

    mutating func onClose(_ cause: EndCause, _ session: borrowing Session) {
        print("\(session.client) sent=\(sent) received=\(received) cause=\(cause)")
    }
}

/// A relay that prints a line for each session.
func clientTee(listen: HostPort, upstream: HostPort, _ print: LinePrinter) -> TCPServer {
    TCPServer(
        TCPClient(upstream.host, port: upstream.port), listen: listen.host, port: listen.port
    )
    .hook { ClientTee(print) }
}
