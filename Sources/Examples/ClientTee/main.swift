// client-tee: a TCP relay that prints what each client sent and received, once its session ends.
//     client-tee --listen 127.0.0.1:8080 --upstream 127.0.0.1:9000
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local(9000))
if options.isCheck { await ExampleCheck.run { try await checkClientTee(options) } }
await ExampleEngine.serve(
    clientTee(listen: options.listen, upstream: options.upstream, LinePrinter()), options)
