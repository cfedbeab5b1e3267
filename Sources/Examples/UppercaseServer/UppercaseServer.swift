internal import ExampleSupport
internal import Pelmeni

/// A server that relays, and makes the letters of responses capital.
func uppercaseServer(listen: HostPort, upstream: HostPort) -> TCPServer {
    TCPServer(
        TCPClient(upstream.host, port: upstream.port), listen: listen.host, port: listen.port
    )
    .beforeRespond { data, _ in
        data.uppercaseASCII()
        return .forward
    }
}
