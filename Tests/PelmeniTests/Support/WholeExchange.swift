import TestSupport
import Testing

/// Sends bytes with the end of their stream to an upstream, and a short answer with its end back.
func exchange(_ bytes: [UInt8], _ client: Wire, _ upstream: Wire) async throws {
    let asking = beside {
        try client.write(bytes)
        client.finish()
    }
    #expect(try upstream.readAll() == (bytes, .clean))
    try await asking.value
    try upstream.write("done")
    upstream.close()
    #expect(try client.readText(4) == "done")
    #expect(try client.readEnd() == .clean)
}
