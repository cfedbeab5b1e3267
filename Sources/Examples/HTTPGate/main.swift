// http-gate: a reverse proxy of HTTP that numbers requests, and asks for a token on /admin.
//     http-gate --listen 127.0.0.1:8080 --upstream 127.0.0.1:80 --token secret
import ExampleSupport
import Pelmeni
import PelmeniHTTP

let options = ExampleOptions.ofProcess(
    listen: .local(8080), upstream: .local(80), more: ["token": "secret"])
if options.isCheck { await ExampleCheck.run { try await checkHTTPGate(options) } }
await ExampleEngine.serve(
    httpGate(
        listen: options.listen, upstream: options.upstream, token: options.more["token"] ?? ""),
    options)
