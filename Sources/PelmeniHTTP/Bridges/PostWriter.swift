internal import Pelmeni

/// Writes the request that brings a message to an upstream of HTTP.
struct PostWriter: Sendable {
    let target: StaticText
    /// The upstream's Host.
    let authority: StaticText
    let forwarding: HTTPForwarding

    var room: Int { target.count + authority.count + HeadRoom.own }

    func write(bytes: Int, _ client: ClientText, _ writer: inout HeadWriter) {
        writer.write("POST ")
        target.write(&writer)
        writer.write(" HTTP/1.1\r\nHost: ")
        authority.write(&writer)
        writer.write("\r\nContent-Type: application/octet-stream\r\nContent-Length: ")
        writer.write(UInt64(bytes))
        writer.write("\r\n")
        if forwarding.contains(.via) { writer.write("Via: 1.1 pelmeni\r\n") }
        // The client speaks no HTTP: neither its protocol nor a Host can be told.
        if forwarding.contains(.xForwarded), client.count > 0 {
            writer.write("X-Forwarded-For: ")
            client.write(&writer)
            writer.write("\r\n")
        }
        if forwarding.contains(.forwarded) {
            writer.write("Forwarded: ")
            ForwardingWriter.writeElement(client, &writer)
            writer.write("\r\n")
        }
        writer.write("\r\n")
    }
}
