// A server sends nothing to an upstream.
import Pelmeni

let client = UDPClient("192.0.2.1", port: 53)
// error on the next line: has no member 'beforeSend'
let server = UDPServer(client).beforeSend { _, _ in .forward }
