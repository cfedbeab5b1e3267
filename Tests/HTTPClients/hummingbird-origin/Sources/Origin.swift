import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The origin of Hummingbird: answers with what it was asked, in the shape of the field x-want.
@main
struct Origin: HTTPResponder {
    typealias Context = BasicRequestContext

    /// What a request was. Hummingbird gives a program no trailers.
    struct View: Encodable {
        let method: String
        let target: String
        let fields: [[String]]
        /// FNV-1a of the body, 32 bits.
        let sum: UInt32
        let length: Int
        let trailers: [String]
    }

    static func main() async throws {
        guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
            fatalError("usage: hummingbird-origin PORT")
        }
        var logger = Logger(label: "origin")
        logger.logLevel = .critical
        let application = Application(
            responder: Origin(), server: .http1(),
            configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
        try await application.runService()
    }

    @Sendable func respond(to request: Request, context: Context) async throws -> Response {
        var length = 0
        var sum: UInt32 = 0x811c_9dc5
        for try await part in request.body {
            length += part.readableBytes
            for byte in part.readableBytesView { sum = (sum ^ UInt32(byte)) &* 0x0100_0193 }
        }
        // The host is no field of swift-http-types.
        let host = request.head.authority.map { [["host", $0]] } ?? []
        let view = View(
            method: request.method.rawValue, target: request.head.path ?? "",
            fields: host + request.headers.map { [$0.name.rawName, Self.text($0)] },
            sum: sum, length: length, trailers: [])
        let response = response(
            try JSONEncoder().encode(view), want: request.headers[Self.want] ?? "")
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static var want: HTTPField.Name { name("x-want") }

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { fatalError("\(text) is no name of a field") }
        return name
    }

    /// A value's bytes as Latin-1, as the other origins tell them.
    private static func text(_ field: HTTPField) -> String {
        field.withUnsafeBytesOfValue { bytes in
            String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        }
    }

    private func response(_ view: Data, want: String) -> Response {
        var fields = HTTPFields()
        fields.append(HTTPField(name: Self.name("X-Twice"), value: "1"))
        fields.append(HTTPField(name: Self.name("X-Twice"), value: "2, 3"))
        fields.append(HTTPField(name: Self.name("X-Empty"), value: ""))
        fields.append(HTTPField(name: Self.name("x-SPELLED"), value: "a  b"))
        switch want {
        case "204": return Response(status: .noContent, headers: fields)
        case "304": return Response(status: .notModified, headers: fields)
        case "close": fields[.connection] = "close"
        case "chunked", "trailers":
            let sends = want == "trailers"
            let sum = Self.name("X-Sum")
            let body = ResponseBody { writer in
                for at in stride(from: 0, to: view.count, by: 1000) {
                    let part = view[at..<min(at + 1000, view.count)]
                    try await writer.write(ByteBuffer(bytes: part))
                }
                try await writer.finish(sends ? [sum: "\(view.count)"] : nil)
            }
            return Response(status: .ok, headers: fields, body: body)
        default: break
        }
        return Response(
            status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: view)))
    }
}
