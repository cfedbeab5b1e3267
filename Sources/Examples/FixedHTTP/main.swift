// fixed-http: a proxy of HTTP/1.1 whose messages have their length in the head.
//     fixed-http --listen 127.0.0.1:8080 --upstream 127.0.0.1:80
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local(80))
if options.isCheck { await ExampleCheck.run { try await checkFixedHTTP(options) } }
await ExampleEngine.serve(fixedHTTP(listen: options.listen, upstream: options.upstream), options)
