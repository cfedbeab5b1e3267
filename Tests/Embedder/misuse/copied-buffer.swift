// A buffer owns its bytes: it is moved, by take(), and not copied.
import Pelmeni

// error on the next line: missing reinitialization of inout parameter 'data'
let client = UDPClient("192.0.2.1", port: 53).beforeSend { data, _ in
    .reply(data)
}
