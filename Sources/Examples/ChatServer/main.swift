// chat-server: a chat of lines over TCP, for telnet or nc.
//     chat-server --listen 127.0.0.1:8080
import ExampleSupport
import Pelmeni

let options = ExampleOptions.ofProcess(listen: .local(8080), upstream: .local())
if options.isCheck { await ExampleCheck.run { try await checkChatServer(options) } }
let hub = try ChatHub()
await ExampleEngine.serve(chatServer(listen: options.listen, hub: .local(hub.port)), options)
