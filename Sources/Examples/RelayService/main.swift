// relay-service: a relay as a service, with its log in swift-log, its counts in swift-metrics, and
// a drain at SIGTERM.
//     relay-service --listen 127.0.0.1:8080 --upstream 127.0.0.1:9000
import ExampleSupport
import Logging
import ServiceLifecycle

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local(9000))
if options.isCheck { await ExampleCheck.run { try await checkRelayService(options) } }
await serveRelay(options)
