import CPelmeni
import TestSupport
import Testing

@testable import PelmeniLoad

/// An origin of HTTP, and a client that is not the project's own load.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HTTPOriginTests {
    private func with(_ body: (Int32) -> Void) async throws -> OriginResult {
        let origin = try Origin(.http)
        let socket = BlockingSocket.connect(origin.port)
        body(socket)
        _ = pelmeni_socket_close(socket)
        return await origin.stop()
    }

    private func pattern(_ seed: UInt64, _ count: UInt64) -> [UInt8] {
        (0..<count).map { Pattern.byte(seed, $0) }
    }

    private func answer(_ seed: UInt64, _ count: UInt64, more: String = "") -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\(more)\r\n".utf8)
            + pattern(~seed, count)
    }

    /// However the requests are cut; a long answer does not fit into the blocks that may wait.
    @Test(arguments: [1, 5, 1000, 1 << 20]) func eachRequestGetsItsAnswer(piece: Int) async throws {
        let seen = try await with { socket in
            let text =
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /300001/00000000000000ff HTTP/1.1\r\nX: y\r\nHOST:a\r\n\r\n"
                + "POST /7/0123456789abcdef HTTP/1.1\r\nHost: a\r\ncontent-length:  3000\t\r\n\r\n"
            let last = "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nCONNECTION:  Close\r\n\r\n"
            let bytes =
                Array(text.utf8) + pattern(0x0123_4567_89ab_cdef, 3000) + Array(last.utf8)
            for at in stride(from: 0, to: bytes.count, by: piece) {
                BlockingSocket.write(socket, bytes[at..<min(bytes.count, at + piece)])
            }
            let wanted =
                answer(0, 32) + answer(255, 300_001) + answer(0x0123_4567_89ab_cdef, 7)
                + answer(1, 1, more: "Connection: close\r\n")
            // It ends by itself after the last one.
            #expect(BlockingSocket.read(socket, wanted.count + 1) == wanted)
        }
        #expect(seen.requests == 4)
        #expect(seen.faults.text == "")
    }

    @Test(arguments: [
        "GET /1/0000000000000001 HTTP/1.0\r\nHost: a\r\n\r\n",
        "PUT /1/0000000000000001 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /1/000000000000001 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /1/000000000000000G HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /4294967296/0000000000000001 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
        "POST /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
        "POST /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 2048))\r\n\r\n",
    ]) func aRequestThatNoLoadSendsIsAFault(text: String) async throws {
        for piece in [text.utf8.count, 1] {
            let seen = try await with { socket in
                let bytes = Array(text.utf8)
                for at in stride(from: 0, to: bytes.count, by: piece) {
                    BlockingSocket.write(socket, bytes[at..<min(bytes.count, at + piece)])
                }
                // The origin has closed: an earlier close of this side would cut its reading.
                _ = BlockingSocket.read(socket, 1)
            }
            #expect(seen.faults.text == "1 with a wrong head")
            #expect(seen.requests == 0)
        }
    }

    @Test func aWrongByteOfABodyIsAFault() async throws {
        let head = "POST /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
        var body = pattern(1, 100)
        body[60] ^= 1
        let seen = try await with { socket in
            BlockingSocket.write(socket, Array(head.utf8) + body)
            _ = BlockingSocket.read(socket, 1)
        }
        #expect(seen.faults.text == "1 with a wrong byte")
    }

    @Test func aRequestThatEndsEarlyIsAFault() async throws {
        let head = "POST /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
        for bytes in [
            Array(head.utf8.dropLast()), Array(head.utf8), Array(head.utf8) + pattern(1, 99),
        ] {
            let seen = try await with { BlockingSocket.write($0, bytes) }
            #expect(seen.faults.text == "1 ended early")
        }
    }

    @Test func bytesBehindTheLastRequestAreAFault() async throws {
        let text = "GET /1/0000000000000001 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nx"
        let seen = try await with { socket in
            BlockingSocket.write(socket, Array(text.utf8))
            _ = BlockingSocket.read(socket, 1000)
        }
        #expect(seen.faults.text == "1 with bytes too many")
    }

    /// A proxy may reset a connection that it kept.
    @Test func aResetBetweenTwoRequestsIsAnEnd() async throws {
        let origin = try Origin(.http)
        let socket = BlockingSocket.connect(origin.port)
        BlockingSocket.write(socket, Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        let wanted = answer(0, 32)
        #expect(BlockingSocket.read(socket, wanted.count) == wanted)
        _ = pelmeni_socket_close_reset(socket)
        let seen = await origin.stop()
        #expect(seen.requests == 1)
        #expect(seen.faults.text == "")
    }
}
