import Foundation
import TestSupport
import Testing

/// The lines of an access log in JSON, each of which has to parse.
struct AccessLines {
    let lines: [String]
    let objects: [[String: Any]]

    init(_ path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.isEmpty || text.hasSuffix("\n"), "a torn line: \(text.suffix(200))")
        lines = text.split(separator: "\n").map(String.init)
        objects = try lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any], "\(line)")
        }
    }

    /// A value of each line.
    func all<Value>(_ name: String) -> [Value?] { objects.map { $0[name] as? Value } }
}

/// A client of a proxy, with the origin behind it: one exchange after another.
final class AccessExchange {
    private let client: Wire
    private let origin: TestListener
    private var upstream: Wire?
    /// The client's own.
    let port: Int

    init(_ proxy: Proxy, _ origin: TestListener) throws {
        client = try Wire(to: .port(try proxy.port()))
        self.origin = origin
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = client.socket
        withUnsafeMutableBytes(of: &address) { bytes in
            guard let start = bytes.baseAddress else { return }
            _ = getsockname(socket, start.assumingMemoryBound(to: sockaddr.self), &length)
        }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Sends a request, and an answer unless the proxy gives its own. Returns once the client has
    /// the answer.
    ///
    /// - Parameter ends: the origin closes its connection behind the answer.
    func run(_ request: String, _ answer: String?, ends: Bool = false) async throws {
        let (head, body) = Self.parts(request)
        let client = client
        let sending = beside { try client.write(head + body) }
        if let answer {
            if upstream == nil { upstream = try origin.accept() }
            let upstream = try #require(upstream)
            try upstream.readRequestHead()
            _ = try upstream.read(exactly: body.count)
            try await sending.value
            let answering = beside {
                try upstream.write(answer)
                if ends { upstream.close() }
            }
            try client.readRequestHead()
            let isHead = request.hasPrefix("HEAD")
            _ = try client.read(exactly: isHead ? 0 : Self.parts(answer).body.count)
            try await answering.value
        } else {
            try await sending.value
            try client.readRequestHead()
        }
        if ends { client.close() }
    }

    func close() { client.close() }

    private static func parts(_ message: String) -> (head: [UInt8], body: [UInt8]) {
        let bytes = Array(message.utf8)
        let end = bytes.firstRange(of: [13, 10, 13, 10])?.upperBound ?? bytes.count
        return (Array(bytes[..<end]), Array(bytes[end...]))
    }
}
