/// Writes the fields that tell an upstream of the proxy and its client. The head goes on without
/// the client's own: a trusted client's are written here, with what the proxy adds.
struct ForwardingWriter {
    let head: RequestHead
    let octets: Octets
    let additions: RequestWriter.Additions

    func write(_ writer: inout HeadWriter) {
        let forwarding = additions.forwarding
        if forwarding.contains(.via) {
            writer.write(head.isOldVersion ? "Via: 1.0 pelmeni\r\n" : "Via: 1.1 pelmeni\r\n")
        }
        var (hasProto, hasHost) = (false, false)
        if additions.client.isTrusted { keep(&writer, &hasProto, &hasHost) }
        if forwarding.contains(.xForwarded) {
            if additions.client.count > 0 {
                writer.write("X-Forwarded-For: ")
                writeElements(.forwardedFor, &writer)
                additions.client.write(&writer)
                writer.write("\r\n")
            }
            if !hasProto { writer.write("X-Forwarded-Proto: http\r\n") }
            if !hasHost, head.facts.marks.contains(.host) {
                writer.write("X-Forwarded-Host: ")
                writer.write(octets, head.facts.host)
                writer.write("\r\n")
            }
        }
        if forwarding.contains(.forwarded) {
            writer.write("Forwarded: ")
            writeElements(.forwarded, &writer)
            Self.writeElement(additions.client, &writer)
            writer.write(";proto=http\r\n")
        }
    }

    // MARK: A trusted client's

    /// The lines that go on as they came.
    private func keep(
        _ writer: inout HeadWriter, _ hasProto: inout Bool, _ hasHost: inout Bool
    ) {
        var lines = FieldLines(octets, at: head.fieldsStart)
        while let line = lines.next() {
            switch KnownField(octets, line.name) {
            case .forwardedProto: hasProto = true
            case .forwardedHost: hasHost = true
            case .forwardedFor where !additions.forwarding.contains(.xForwarded): break
            case .forwarded where !additions.forwarding.contains(.forwarded): break
            default: continue
            }
            writer.write(octets, line.name.lowerBound..<line.end)
        }
    }

    /// The values of all lines of a field, which the proxy's own stands behind.
    private func writeElements(_ field: KnownField, _ writer: inout HeadWriter) {
        guard additions.client.isTrusted else { return }
        var lines = FieldLines(octets, at: head.fieldsStart)
        while let line = lines.next() {
            guard KnownField(octets, line.name) == field, !line.value.isEmpty else { continue }
            writer.write(octets, line.value)
            writer.write(", ")
        }
    }

    /// RFC 7239, 4: an IPv6 address stands in brackets and quotes.
    static func writeElement(_ client: ClientText, _ writer: inout HeadWriter) {
        writer.write("for=")
        if client.count == 0 {
            writer.write("unknown")
        } else if client.isV6 {
            writer.write("\"[")
            client.write(&writer)
            writer.write("]\"")
        } else {
            client.write(&writer)
        }
    }
}
