import CPelmeni
import Foundation
import TestSupport

/// Sends each datagram back, once or twice.
final class EchoingDatagrams: Sendable {
    private let wire: DatagramWire

    var port: UInt16 { wire.port }

    init(twice: Bool) throws {
        let wire = try DatagramWire()
        self.wire = wire
        Thread {
            while let (bytes, from) = try? wire.receive() {
                for _ in 0..<(twice ? 2 : 1) { try? wire.send(bytes, to: from) }
            }
        }.start()
    }

    func stop() { wire.close() }
}

/// Sends a stream back once it has ended.
final class StreamEchoes: Sendable {
    private let listener: TestListener

    var port: UInt16 { listener.port }

    init(framed: Bool) throws {
        let listener = try TestListener()
        self.listener = listener
        Thread {
            while let wire = try? listener.accept(within: .seconds(120)) {
                Thread {
                    if let (bytes, _) = try? wire.readAll() { try? wire.write(bytes) }
                    wire.close()
                }.start()
            }
        }.start()
    }

    func stop() { _ = pelmeni_socket_shutdown_both(listener.socket) }
}

/// Answers each POST with its body, in the way that the body says.
final class PostOrigin: @unchecked Sendable {
    private let listener: TestListener
    private let lock = NSLock()
    private var heads: [String] = []

    var port: UInt16 { listener.port }

    init() throws {
        listener = try TestListener()
        Thread { [self] in
            while let wire = try? listener.accept(within: .seconds(120)) {
                Thread {
                    try? self.serve(wire)
                    wire.close()
                }.start()
            }
        }.start()
    }

    func stop() { _ = pelmeni_socket_shutdown_both(listener.socket) }

    func firstHead() -> String { lock.withLock { heads.first ?? "" } }

    private func serve(_ wire: Wire) throws {
        while true {
            let head = try wire.readHead()
            lock.withLock { heads.append(head) }
            let body = try wire.read(exactly: Wire.length(head))
            let text = String(decoding: body, as: UTF8.self)
            let length = "Content-Length: \(body.count)\r\n"
            switch text.prefix(while: { $0 != " " }) {
            case "chunked":
                try wire.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for character in text { try wire.write("1;x=y\r\n\(character)\r\n") }
                try wire.write("0\r\nTrailer: x\r\n\r\n")
            case "until-end":
                try wire.write("HTTP/1.1 200 OK\r\n\r\n\(text)")
                return
            case "interim":
                try wire.write(
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n")
                try wire.write("HTTP/1.1 200 OK\r\n\(length)\r\n\(text)")
            case "error":
                try wire.write("HTTP/1.1 500 Oh\r\n\(length)\r\n\(text)")
            case "long":
                try wire.write("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n")
                _ = try wire.readAll()
                return
            case "silent":
                _ = try wire.readAll()
                return
            case "close":
                try wire.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\(length)\r\n\(text)")
                return
            default: try wire.write("HTTP/1.1 200 OK\r\n\(length)\r\n\(text)")
            }
        }
    }
}

extension Wire {
    /// A head, with the empty line.
    func readHead() throws -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) { bytes += try read(exactly: 1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A response with a length: its first line, and its body.
    func readResponse() throws -> (status: String, body: String) {
        let head = try readHead()
        let body = try readText(Self.length(head))
        return (String(head.prefix { $0 != "\r\n" }), body)
    }

    static func length(_ head: String) -> Int {
        for line in head.components(separatedBy: "\r\n") {
            let parts = line.components(separatedBy: ": ")
            if parts.count == 2, parts[0].lowercased() == "content-length" {
                return Int(parts[1]) ?? 0
            }
        }
        return 0
    }
}
