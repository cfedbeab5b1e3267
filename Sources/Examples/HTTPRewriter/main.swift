// http-rewriter: UDP datagrams as JSON in requests of HTTP, and their responses as answers.
//     http-rewriter --listen 127.0.0.1:5353 --upstream 127.0.0.1:80
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(5353), upstream: .local(80))
if options.isCheck { await ExampleCheck.run { try await checkHTTPRewriter(options) } }
await ExampleEngine.serve(
    httpRewriter(listen: options.listen, upstream: options.upstream), options)
