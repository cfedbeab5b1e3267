internal import Pelmeni

/// Responses that come from no upstream.
enum OwnResponse {
    /// A refusal or a failure: the connection is closed behind it.
    static func failure(_ status: UInt16, _ reason: StaticString, isHead: Bool) -> Buffer {
        Buffer.written(upTo: 512) { memory in
            var writer = HeadWriter(memory)
            writer.write("HTTP/1.1 ")
            writer.write(UInt64(status))
            writer.write(" ")
            writer.write(StatusText.of(status))
            writer.write("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
            writer.write(UInt64(reason.utf8CodeUnitCount + 1))
            writer.write("\r\nConnection: close\r\n\r\n")
            guard !isHead else { return writer.count }
            writer.write(reason)
            writer.write("\n")
            return writer.count
        }
    }

    /// RFC 9110, 7.6.2: to a request that may go no further.
    static func forwards(isTrace: Bool, isClosing: Bool) -> Buffer {
        Buffer.written(upTo: 256) { memory in
            var writer = HeadWriter(memory)
            writer.write(isTrace ? "HTTP/1.1 405 Method Not Allowed" : "HTTP/1.1 200 OK")
            writer.write("\r\nContent-Length: 0\r\n")
            writer.write(isClosing ? "Connection: close\r\n\r\n" : "\r\n")
            return writer.count
        }
    }

    /// RFC 9110, 10.1.1: the client sends the body that it has announced.
    static func goOn() -> Buffer {
        Buffer.written(upTo: 64) { memory in
            var writer = HeadWriter(memory)
            writer.write("HTTP/1.1 100 Continue\r\n\r\n")
            return writer.count
        }
    }

    /// The head of a response whose body is what a protocol without heads has answered.
    ///
    /// - Parameter bytes: of the body; nil for a body in chunks, or up to the connection's end.
    static func head(
        bytes: Int?, isChunked: Bool, _ connection: ResponseWriter.Connection,
        _ writer: inout HeadWriter
    ) {
        writer.write("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n")
        if let bytes {
            writer.write("Content-Length: ")
            writer.write(UInt64(bytes))
            writer.write("\r\n")
        } else if isChunked {
            writer.write("Transfer-Encoding: chunked\r\n")
        }
        switch connection {
        case .silent, .upgrade: break
        case .close: writer.write("Connection: close\r\n")
        case .keepAlive: writer.write("Connection: keep-alive\r\n")
        }
        writer.write("\r\n")
    }

    /// Bytes of such a head, at most.
    static let headRoom = 256
}
