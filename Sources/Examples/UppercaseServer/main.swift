// uppercase-server: a TCP relay that makes the letters a to z of all responses capital.
//     uppercase-server --listen 127.0.0.1:8080 --upstream 127.0.0.1:9000
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local(9000))
if options.isCheck { await ExampleCheck.run { try await checkUppercaseServer(options) } }
await ExampleEngine.serve(
    uppercaseServer(listen: options.listen, upstream: options.upstream), options)
