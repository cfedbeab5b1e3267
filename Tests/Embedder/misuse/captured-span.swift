// A task outlives the call.
import Pelmeni

let client = UDPClient("192.0.2.1", port: 53).beforeSend { data, _ in
    // error on the next line: lifetime-dependent variable 'bytes' escapes its scope
    let bytes = data.bytes
    Task { print(bytes[0]) }
    return .forward
}
