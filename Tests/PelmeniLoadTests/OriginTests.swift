import CPelmeni
import TestSupport
import Testing

@testable import PelmeniLoad

/// The answers of an origin to a client that is not the project's own load.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct OriginTests {
    private func with(_ kind: OriginKind, _ body: (Int32) -> Void) async throws -> OriginResult {
        let origin = try Origin(kind)
        let socket = BlockingSocket.connect(origin.port)
        body(socket)
        _ = pelmeni_socket_close(socket)
        return await origin.stop()
    }

    private func request(_ header: ExchangeHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(header.requestBytes))
        bytes.withUnsafeMutableBytes {
            guard let base = $0.baseAddress else { return }
            var outgoing = StreamToSend(header)
            _ = outgoing.fill(base, room: Int(header.requestBytes))
        }
        return bytes
    }

    private func answer(_ header: ExchangeHeader) -> [UInt8] {
        (0..<UInt64(header.answerBytes)).map { Pattern.byte(header.answerSeed, $0) }
    }

    /// However the requests are cut, and though the answers do not fit into the blocks that may
    /// wait.
    @Test(arguments: [7, 24, 100, 100_000]) func answersComeInOrder(piece: Int) async throws {
        let headers = (UInt32(0)..<60).map { index -> ExchangeHeader in
            let answerBytes: UInt32 = index % 10 == 9 ? 300_001 : index * 31 % 90
            return ExchangeHeader(
                seed: Pattern.seed(UInt64(index)), requestBytes: 24 + index * 17 % 100,
                answerBytes: answerBytes, isLast: index == 59)
        }
        let seen = try await with(.answer) { socket in
            let bytes = headers.flatMap(request)
            var at = 0
            while at < bytes.count {
                BlockingSocket.write(socket, bytes[at..<min(bytes.count, at + piece)])
                at += piece
            }
            let wanted = headers.flatMap(answer)
            #expect(BlockingSocket.read(socket, wanted.count + 1) == wanted)
        }
        #expect(seen.requests == headers.count)
        #expect(seen.faults.text == "")
    }

    @Test func bytesAfterTheLastRequestAreAFault() async throws {
        let last = ExchangeHeader(seed: 1, requestBytes: 64, answerBytes: 64, isLast: true)
        let seen = try await with(.answer) { socket in
            BlockingSocket.write(socket, request(last) + [0])
            _ = BlockingSocket.read(socket, 65)
        }
        #expect(seen.faults.text == "1 with bytes too many")
    }

    @Test func aRequestThatEndsEarlyIsAFault() async throws {
        let header = ExchangeHeader(seed: 1, requestBytes: 64, answerBytes: 64, isLast: false)
        for (kind, bytes) in [
            (OriginKind.answer, Array(request(header)[..<63])), (.answer, [0x50]),
            (.http, Array("GET / HTTP/1.1\r\n".utf8)),
        ] {
            let seen = try await with(kind) { BlockingSocket.write($0, bytes) }
            #expect(seen.faults.text == "1 ended early")
        }
    }

    @Test func aSourceSendsUntilTheClientGoes() async throws {
        let seen = try await with(.source) { socket in
            BlockingSocket.write(socket, [0])
            let wanted = (0..<UInt64(1_000_000)).map { Pattern.byte(OriginKind.sourceSeed, $0) }
            #expect(BlockingSocket.read(socket, wanted.count) == wanted)
        }
        #expect(seen.requests == 1)
        #expect(seen.faults.text == "")
    }
}
