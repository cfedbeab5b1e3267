// sequenced-client: lines over TCP become numbered requests over UDP, which are sent again.
//     sequenced-client --listen 127.0.0.1:8080 --upstream 127.0.0.1:9000
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local(9000))
if options.isCheck { await ExampleCheck.run { try await checkSequencedClient(options) } }
await ExampleEngine.serve(
    sequencedRelay(listen: options.listen, upstream: options.upstream), options)
