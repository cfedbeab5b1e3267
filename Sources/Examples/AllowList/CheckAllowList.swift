internal import ExampleSupport
internal import Glibc
internal import Pelmeni
internal import Synchronization

/// One lookup for many sessions; a client of the list gets through, and another one is reset.
func checkAllowList(_ options: ExampleOptions) async throws {
    let origin = try PlainSocket.listening(.stream)
    let asked = Mutex(0)
    for (isAllowed, text) in [(true, "# local\n127.0.0.1 here\n"), (false, "192.0.2.1\n")] {
        asked.withLock { $0 = 0 }
        let file = try CheckedList(text)
        let lookups = Lookups(lifetime: .seconds(60)) { host in
            asked.withLock { $0 += 1 }
            return try AllowFile(path: file.path).contains(host)
        }
        let server = allowList(listen: .local(), upstream: .local(origin.port), lookups)
        try await ExampleEngine.with(server, options) { _, port in
            for number in 0..<20 {
                let client = try PlainSocket.connected(.stream, to: port)
                let upstream = try origin.accept()
                try client.send("request \(number)")
                if isAllowed {
                    client.endSending()
                    try ExampleCheck.equal(
                        try upstream.receiveAll(), Array("request \(number)".utf8), "a request")
                    try upstream.send("response")
                    upstream.endSending()
                    try ExampleCheck.equal(
                        try client.receiveAll(), Array("response".utf8), "a response")
                } else {
                    let bytes = try? client.receiveAll()
                    try ExampleCheck.require(bytes == nil, "the client is not reset")
                    let request = try? upstream.receiveAll()
                    try ExampleCheck.require(request == nil, "the request went on")
                }
            }
        }
        try ExampleCheck.equal(asked.withLock { $0 }, 1, "lookups")
    }
    let missing = AllowFile(path: "/dev/null/list")
    try ExampleCheck.require((try? missing.contains("::1")) == nil, "no file is no list")
}

/// A file of the check, which is removed with it.
private final class CheckedList: Sendable {
    let path: String

    init(_ text: String) throws(ExampleFailure) {
        var template = Array("/tmp/allow-list-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw ExampleFailure("mkstemp: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { close(file) }
        guard write(file, text, text.utf8.count) == text.utf8.count else {
            throw ExampleFailure("write: \(errno)")
        }
    }

    deinit { unlink(path) }
}
