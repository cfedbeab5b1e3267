// tested-protocol: a server with a protocol of its own, tested by scripted peers over a simulated
// kernel. The check opens no socket, so its backend does not matter.
//     tested-protocol --listen 127.0.0.1:8080 --upstream 127.0.0.1:9000
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local(9000))
let upstream = TCPClient(options.upstream.host, port: options.upstream.port, framing: .u16be)
if options.isCheck { await ExampleCheck.run { try checkTestedProtocol(upstream) } }
await ExampleEngine.serve(
    CommandServer(
        client: upstream,
        endpoint: .tcp(host: options.listen.host, port: options.listen.port)), options)
