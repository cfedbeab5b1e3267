// allow-list: a TCP relay for clients whose address is in a file, one a line; others are reset.
//     allow-list --list allowed.txt --listen 127.0.0.1:8080 --upstream 127.0.0.1:9000
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(
    listen: .local(8080), upstream: .local(9000), more: ["list": "allowed.txt"])
if options.isCheck { await ExampleCheck.run { try await checkAllowList(options) } }
let file = AllowFile(path: options.more["list"] ?? "")
let lookups = Lookups(lifetime: .seconds(10)) { host in try file.contains(host) }
await ExampleEngine.serve(
    allowList(listen: options.listen, upstream: options.upstream, lookups), options)
