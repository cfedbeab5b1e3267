// card-redactor: a TCP relay that masks card numbers in both directions, however they are cut.
//     card-redactor --listen 127.0.0.1:8080 --upstream 127.0.0.1:9000
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local(9000))
if options.isCheck { await ExampleCheck.run { try await checkCardRedactor(options) } }
await ExampleEngine.serve(
    cardRedactor(listen: options.listen, upstream: options.upstream), options)
