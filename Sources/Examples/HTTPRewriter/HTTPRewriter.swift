internal import ExampleSupport
internal import Foundation
internal import Pelmeni
internal import PelmeniHTTP

/// Each datagram becomes a PUT with a JSON object, and the body of the response is the answer.
func httpRewriter(listen: HostPort, upstream: HostPort) -> UDPServer {
    let client = HTTPClient(upstream.host, upstream.port)
        .beforeSend(collecting: 64 << 10) { request, _ in
            request.fields["content-type"] = "application/json"
            request.method = .put
            request.body = try JSON.encode(["user_data": request.body.text.lowercased()])
            return .forward
        }
    return UDPServer(client, listen: listen.host, port: listen.port)
}

/// The same hook for lines of a stream: one line is a request, and its answer is a line.
func httpLines(listen: HostPort, upstream: HostPort) -> TCPServer {
    var options = PairOptions()
    options.framing = .line
    return TCPServer(
        HTTPClient(upstream.host, upstream.port).beforeSend { request, _ in
            request.body = try JSON.encode(["user_data": request.body.text.lowercased()])
            return .forward
        }, listen: listen.host, port: listen.port, options: options
    ).beforeRespond { data, _ in
        data.uppercaseASCII()
        return .forward
    }
}

/// JSON as a body.
enum JSON {
    static func encode(_ value: some Encodable) throws -> HTTPBody {
        HTTPBody(try JSONEncoder().encode(value))
    }
}
