import CPelmeni
import Foundation
import TestSupport

/// The part of HTTP/1.1 that curl needs: `/big`, `/small`, `/empty`, and a PUT that is answered
/// with its body.
final class HTTPOrigin: Sendable {
    private let listener: TestListener
    private let body: [UInt8]

    var port: UInt16 { listener.port }

    init(body: [UInt8]) throws {
        listener = try TestListener()
        self.body = body
        let thread = Thread { [self] in
            while let wire = try? listener.accept(within: .seconds(120)) {
                let thread = Thread { try? self.serve(wire) }
                thread.stackSize = 1 << 20
                thread.start()
            }
        }
        thread.stackSize = 1 << 18
        thread.start()
    }

    func stop() { _ = pelmeni_socket_shutdown_both(listener.socket) }

    private func serve(_ wire: Wire) throws {
        var pending: [UInt8] = []
        while let head = try head(wire, &pending) {
            let words = head[0].split(separator: " ")
            guard words.count == 3 else { return }
            let fields = head.dropFirst().map { $0.lowercased() }
            if fields.contains("expect: 100-continue") {
                try wire.write("HTTP/1.1 100 Continue\r\n\r\n")
            }
            let length = fields.first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
            if let missing = length.map({ $0 - pending.count }), missing > 0 {
                pending += try wire.read(exactly: missing)
            }
            let request = Array(pending.prefix(length ?? 0))
            pending.removeFirst(request.count)
            let answer: [UInt8] =
                switch words[1] {
                case "/big": body
                case "/put": request
                case "/small": Array("small".utf8)
                default: []
                }
            try wire.write("HTTP/1.1 200 OK\r\nContent-Length: \(answer.count)\r\n\r\n")
            try wire.write(answer)
            if words[2] == "HTTP/1.0" { return wire.close() }
        }
        wire.close()
    }

    /// The lines of the next head; nil at the end.
    private func head(_ wire: Wire, _ pending: inout [UInt8]) throws -> [String]? {
        while true {
            if let end = pending.firstRange(of: [13, 10, 13, 10]) {
                let head = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
                pending.removeFirst(end.upperBound)
                return head.components(separatedBy: "\r\n")
            }
            let more = try wire.read()
            if more.isEmpty { return nil }
            pending += more
        }
    }
}
