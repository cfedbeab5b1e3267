import Pelmeni
import Testing

@testable import PelmeniHTTP

/// Bodies that are collected in the bytes of their stream: the same for every cut.
@Suite struct BridgeBodyTests {
    private static let head = "HEAD"
    private static let limits = HTTPLimits().usable

    /// Gives the text in pieces of a size. What stands behind the head and behind the body.
    private func collect(
        _ text: String, _ length: BodyLength, size: Int, most: Int = 100
    ) throws -> (body: String, behind: String)? {
        var data = try Buffer(Self.head)
        var body = BridgeBody(length, headBytes: Self.head.utf8.count)
        var rest = Substring(text)
        while !rest.isEmpty {
            try data.append(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
            guard try body.collect(&data, most: most, Self.limits) else { continue }
            try data.append(String(rest))
            #expect(data.text.hasPrefix(Self.head))
            let all = Array(data.text.utf8.dropFirst(Self.head.utf8.count))
            return (
                String(decoding: all.prefix(body.bytes), as: UTF8.self),
                String(decoding: all.dropFirst(body.bytes), as: UTF8.self)
            )
        }
        return nil
    }

    @Test(arguments: 1...30) func everyCut(size: Int) throws {
        let chunked = "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1"
        let read = try #require(try collect(chunked, .chunked, size: size))
        #expect(read == ("abcdefgh", "GET / HTTP/1.1"))
        #expect(try #require(try collect("abcdef", .bytes(4), size: size)) == ("abcd", "ef"))
        #expect(try #require(try collect("0\r\n\r\nx", .chunked, size: size)) == ("", "x"))
        #expect(try collect("abc", .bytes(4), size: size) == nil)
        #expect(try collect("3\r\nabc\r\n0\r\n", .chunked, size: size) == nil)
        #expect(try collect("abc", .untilEnd, size: size) == nil)
    }

    @Test(arguments: 1...8) func tooLong(size: Int) throws {
        for (text, length) in [
            ("5\r\nabcde\r\n0\r\n\r\n", BodyLength.chunked),
            ("2\r\nab\r\n3\r\ncde\r\n", .chunked), ("ffffffffffffff\r\n", .chunked),
            ("abcde", .bytes(5)), ("abcde", .untilEnd),
        ] {
            #expect(throws: HTTPRefusal.bodyTooLong) {
                try collect(text, length, size: size, most: 4)
            }
        }
        #expect(throws: HTTPRefusal.chunkSize) { try collect("x\r\n", .chunked, size: size) }
        #expect(throws: HTTPRefusal.chunkLine) {
            try collect("1\r\nabc\r\n", .chunked, size: size)
        }
    }
}
