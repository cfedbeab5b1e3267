internal import ExampleSupport
internal import Pelmeni
internal import PelmeniHTTP

/// A reverse proxy that numbers the requests of each connection, and lets none pass to `/admin`
/// without a token.
func httpGate(listen: HostPort, upstream: HostPort, token: String) -> HTTPServer {
    HTTPServer(
        HTTPClient(upstream.host, upstream.port), listen: listen.host, port: listen.port
    )
    .hook { Numbered() }
    .beforeForward { request, _ in
        guard request.path.hasPrefix("/admin"),
            request.fields["Authorization"] != "Bearer \(token)"
        else { return .forward }
        var response = HTTPResponse(401, text: "a token is needed\n")
        response.fields["WWW-Authenticate"] = "Bearer"
        return .reply(response)
    }
}

/// One instance a connection: plain state, no lock.
private struct Numbered: HTTPBeforeForward, HTTPBeforeRespond {
    private var count = 0

    mutating func beforeForward(
        _ request: inout HTTPRequest, _ session: HTTPSession
    ) throws -> HTTPVerdict {
        count += 1
        request.fields["X-Request-Number"] = "\(count)"
        return .forward
    }

    mutating func beforeRespond(
        _ response: inout HTTPResponse, _ session: HTTPSession
    ) throws -> HTTPVerdict {
        response.fields["X-Request-Number"] = "\(count)"
        return .forward
    }
}
