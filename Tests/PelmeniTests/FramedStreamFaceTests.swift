import Pelmeni
import PelmeniCore
import Testing

@testable import Pelmeni

/// The embedder's declarations about two streams of messages, and their errors in both spellings.
/// No socket is opened.
@Suite struct FramedStreamFaceTests {
    private static let subject = "engine 127.0.0.1:8080: "

    private func server(
        to client: any Client, _ change: (inout PairOptions) -> Void = { _ in }
    ) -> TCPServer {
        var options = PairOptions()
        change(&options)
        return TCPServer(client, listen: "127.0.0.1", port: 8080, options: options)
    }

    private func client(_ framing: Framing? = nil, _ frameBytesMax: Int? = nil) -> TCPClient {
        TCPClient("127.0.0.1", port: 9, framing: framing, frameBytesMax: frameBytesMax)
    }

    private func configuration(
        _ server: any Server, _ spelling: OptionName.Spelling = .library
    ) throws(EngineError) -> PairConfiguration? {
        try EngineCheck(spelling: spelling).configuration(
            backend: .epoll, workers: 1, servers: [server], options: EngineOptions()
        ).pairs.first
    }

    /// The reason and the remedy; `OPTION` is what each spelling calls `frameBytesMax`.
    private func refuses(
        _ server: any Server, _ text: String, _ location: SourceLocation = #_sourceLocation
    ) {
        for (spelling, option) in [
            (OptionName.Spelling.library, "frameBytesMax"), (.commandLine, "max-frame"),
        ] {
            let error = #expect(throws: EngineError.self, sourceLocation: location) {
                _ = try configuration(server, spelling)
            }
            #expect(error?.kind == .usage, sourceLocation: location)
            #expect(
                error?.description
                    == Self.subject + text.replacing("OPTION", with: option),
                sourceLocation: location)
        }
    }

    private func expect(
        _ server: any Server, client: StreamFraming, upstream: StreamFraming,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let pair = try #require(try configuration(server), sourceLocation: location)
        #expect(pair.kind == .framedStreams, sourceLocation: location)
        #expect(pair.messages.client == client, sourceLocation: location)
        #expect(pair.messages.upstream == upstream, sourceLocation: location)
    }

    @Test func withoutAFramingBytesPass() throws {
        let pair = try configuration(server(to: client()))
        #expect(pair?.kind == .streams)
    }

    @Test func eachEndHasItsOwn() throws {
        try expect(
            server(to: client(.u32be, 9)) {
                $0.framing = .line
                $0.frameBytesMax = 8
            }, client: StreamFraming(.line, maxFrame: 8),
            upstream: StreamFraming(.u32be, maxFrame: 9))
    }

    @Test func oneHoldsForBoth() throws {
        let both = StreamFraming(.line, maxFrame: 8)
        try expect(server(to: client(.line, 8)), client: both, upstream: both)
        let near = server(to: client()) {
            $0.framing = .line
            $0.frameBytesMax = 8
        }
        try expect(near, client: both, upstream: both)
        // One of the server's, the other one of the client's.
        try expect(server(to: client(nil, 8)) { $0.framing = .line }, client: both, upstream: both)
        let most = FramingConfiguration.maxFrameDefault
        try expect(
            UnixServer(UnixClient("/b", framing: .line), listen: "/a"),
            client: StreamFraming(.line, maxFrame: most),
            upstream: StreamFraming(.line, maxFrame: most))
    }

    @Test func aSizeNeedsAFraming() {
        let text =
            "OPTION has no meaning between two streams without a framing: no message is cut from "
            + "them; leave it out, or give a framing"
        refuses(server(to: client()) { $0.frameBytesMax = 9 }, text)
        refuses(server(to: client(nil, 9)), text)
    }

    /// A message is whole in one block.
    @Test func sizesAreBounded() throws {
        let most = 261_888
        for wrong in [0, -1, most + 1, 16 << 20] {
            let text = "OPTION is 1 to 261888 bytes between two streams, not \(wrong)"
            refuses(server(to: client(.line, wrong)) { $0.frameBytesMax = 9 }, text)
            refuses(server(to: client(.line, 9)) { $0.frameBytesMax = wrong }, text)
        }
        let all = StreamFraming(.fixed(most), maxFrame: most)
        try expect(server(to: client(.fixed(most), most)), client: all, upstream: all)
        refuses(
            server(to: client(.line)) { $0.framing = .fixed(65_537) },
            "framing fixed=65537 is longer than OPTION, 65536; set OPTION to 65537 or more")
        refuses(
            server(to: client(.fixed(9), 8)) { $0.framing = .line },
            "framing fixed=9 is longer than OPTION, 8; set OPTION to 9 or more")
    }

    @Test func aWholeStreamIsNoMessage() {
        let text =
            "framing eof makes a whole stream one message, which two streams are anyway; "
            + "leave it out, or choose a framing that marks where a message ends"
        refuses(server(to: client(.eof)) { $0.framing = .line }, text)
        refuses(server(to: client(.line)) { $0.framing = .eof }, text)
        refuses(server(to: client()) { $0.framing = .eof }, text)
    }

    @Test func countsStayRefused() {
        for (change, library, command) in [
            ({ $0.requestLimit = 1 }, "requestLimit", "requests"),
            ({ $0.responseLimit = 1 }, "responseLimit", "responses"),
        ] as [((inout PairOptions) -> Void, String, String)] {
            let pair = server(to: client(.line), change)
            for (spelling, name) in [
                (OptionName.Spelling.library, library), (.commandLine, command),
            ] {
                let error = #expect(throws: EngineError.self) {
                    _ = try configuration(pair, spelling)
                }
                #expect(
                    error?.description
                        == Self.subject + "\(name) has no meaning between two streams: "
                        + "it counts datagrams; leave it out")
            }
        }
    }

    @Test func rawIsWarnedAbout() throws {
        for pair in [
            server(to: client(.raw)) { $0.framing = .line },
            server(to: client(.line)) { $0.framing = .raw },
        ] {
            let messages = try #require(try configuration(pair)).messages
            #expect(EngineCheck.warning(messages) == "raw framing keeps no message boundaries")
        }
        let marked = try #require(try configuration(server(to: client(.line)))).messages
        #expect(EngineCheck.warning(marked) == nil)
    }

    /// Where one stream meets datagrams, the pair has one framing, wherever it is given.
    @Test func oneStreamHasOneFraming() throws {
        let udp = UDPServer(client(.line, 8), listen: "127.0.0.1", port: 8080)
        #expect(
            try configuration(udp)?.messages == FramingConfiguration(framing: .line, maxFrame: 8))
        var options = PairOptions()
        options.framing = .line
        refuses(
            UDPServer(client(.u32be), listen: "127.0.0.1", port: 8080, options: options),
            "the pair has one stream, and two framings: line of 65536 bytes and u32be of 65536; "
                + "give one of them")
    }
}
