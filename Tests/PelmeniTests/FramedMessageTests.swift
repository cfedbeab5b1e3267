import Pelmeni
import Testing

/// Messages that a driver cuts from a stream, and frames that it writes.
@Suite struct FramedMessageTests {
    private func first(_ framing: Framing, _ text: String) throws -> String? {
        Self.text(try framing.firstMessage(in: try Buffer(text), bytesMax: 10))
    }

    private static func text(_ message: FramedMessage?) -> String? {
        message.map { "\($0.payload) \($0.end)" }
    }

    @Test func messages() throws {
        #expect(try first(.line, "ab\r\ncd\n") == "0..<2 4")
        #expect(try first(.line, "ab") == nil)
        #expect(try first(.u16be, "\u{0}\u{2}abc") == "2..<4 4")
        #expect(try first(.u16be, "\u{0}\u{2}a") == nil)
        #expect(try first(.u16be, "") == nil)
        #expect(try first(.raw, "abc") == "0..<3 3")
        #expect(throws: FrameError.tooLong) { try first(.line, "abcdefghijkl\n") }
        let last = Self.text(try Framing.line.lastMessage(in: try Buffer("ab\r"), bytesMax: 10))
        #expect(last == "0..<3 3")
        #expect(try Framing.line.lastMessage(in: Buffer(), bytesMax: 10) == nil)
        #expect(throws: FrameError.cutShort) {
            try Framing.u16be.lastMessage(in: try Buffer("\u{0}"), bytesMax: 10)
        }
    }

    @Test(arguments: [Framing.u16be, .u32be, .line, .octetCount, .delimiter(0), .fixed(3), .raw])
    func frames(framing: Framing) throws {
        var data = try Buffer("abc")
        try framing.frame(&data)
        let read = try #require(try framing.firstMessage(in: data, bytesMax: 3))
        #expect(read.end == data.count)
        #expect(Array(data.text.utf8)[read.payload].elementsEqual("abc".utf8))
    }

    @Test func noFrame() throws {
        let bad: [(Framing, String)] = [
            (.line, "a\nb"), (.delimiter(0x62), "abc"), (.fixed(3), "ab"), (.octetCount, ""),
            (.raw, ""), (.u16be, String(repeating: "x", count: 65_536)),
        ]
        for (framing, text) in bad {
            #expect(throws: FrameError.unwritable) {
                var data = try Buffer(text)
                try framing.frame(&data)
            }
        }
        var empty = Buffer()
        try Framing.line.frame(&empty)
        #expect(empty.text == "\n")
    }
}
