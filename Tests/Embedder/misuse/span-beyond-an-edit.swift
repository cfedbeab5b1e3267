// The bytes may move when the buffer grows.
import Pelmeni

let client = UDPClient("192.0.2.1", port: 53).beforeSend { data, _ in
    let bytes = data.bytes
    // error on the next line: overlapping accesses to 'data'
    try data.append("x")
    return bytes[0] == 0 ? .drop : .forward
}
