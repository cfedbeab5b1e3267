// redis-guard: a relay in front of Redis that logs commands and refuses some of them.
//     redis-guard --listen 127.0.0.1:6380 --upstream 127.0.0.1:6379 --refuse FLUSHALL,FLUSHDB
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(
    listen: .local(6380), upstream: .local(6379), more: ["refuse": "FLUSHALL"])
if options.isCheck { await ExampleCheck.run { try await checkRedisGuard(options) } }
let refused = options.more["refuse", default: ""].uppercased().split(separator: ",")
await ExampleEngine.serve(
    redisGuard(
        listen: options.listen, upstream: options.upstream, refused: Set(refused.map(String.init)),
        LinePrinter()),
    options)
