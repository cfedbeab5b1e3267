import Pelmeni
import PelmeniCore
import PelmeniRuntime
import Testing

/// An error names an option as it is spelled where it was set.
@Suite struct SpellingTests {
    private static let udp = UDPClient("127.0.0.1", port: 9)

    private func description(
        _ spelling: OptionName.Spelling, workers: Int = 1,
        _ change: (inout PairOptions) -> Void = { _ in },
        engine: (inout EngineOptions) -> Void = { _ in }
    ) -> String {
        var options = PairOptions()
        change(&options)
        var engineOptions = EngineOptions()
        engine(&engineOptions)
        let error = #expect(throws: EngineError.self) {
            _ = try Engine(
                workers: workers,
                servers: [TCPServer(Self.udp, listen: "127.0.0.1", port: 1, options: options)],
                options: engineOptions, spelling: spelling)
        }
        return error?.description ?? ""
    }

    @Test func optionsOfAPair() {
        func texts(_ change: (inout PairOptions) -> Void) -> [String] {
            [description(.library, change), description(.commandLine, change)]
        }
        #expect(
            texts { $0.frameBytesMax = 0 } == [
                "engine 127.0.0.1:1: frameBytesMax is 1 to 16777216 bytes, not 0",
                "engine 127.0.0.1:1: max-frame is 1 to 16777216 bytes, not 0",
            ])
        #expect(
            texts {
                $0.framing = .fixed(9)
                $0.frameBytesMax = 8
            } == [
                "engine 127.0.0.1:1: framing fixed=9 is longer than frameBytesMax, 8; "
                    + "set frameBytesMax to 9 or more",
                "engine 127.0.0.1:1: framing fixed=9 is longer than max-frame, 8; "
                    + "set max-frame to 9 or more",
            ])
        #expect(
            texts { $0.idleTimeout = .after(.zero) } == [
                "engine 127.0.0.1:1: idleTimeout must be more than 0 and at most 8760h, "
                    + "not 0.0 seconds; .never switches it off",
                "engine 127.0.0.1:1: idle must be more than 0 and at most 8760h, "
                    + "not 0.0 seconds; none switches it off",
            ])
        #expect(
            texts { $0.requestLimit = 0 } == [
                "engine 127.0.0.1:1: requestLimit is 1 to 2147483647 datagrams, not 0; "
                    + "leave it out for any number",
                "engine 127.0.0.1:1: requests is 1 to 2147483647 datagrams, not 0; "
                    + "leave it out for any number",
            ])
    }

    @Test func optionsOfAnEngine() {
        #expect(description(.library, workers: 0).hasPrefix("engine workers: 0 "))
        #expect(description(.commandLine, workers: 0).hasPrefix("engine --workers: 0 "))
        #expect(description(.library, engine: { $0.poolBytes = 0 }).hasPrefix("engine poolBytes: "))
        #expect(
            description(.commandLine, engine: { $0.poolBytes = 0 }).hasPrefix("engine --pool: "))
        #expect(
            description(.library, engine: { $0.sessionLimit = 0 })
                .hasPrefix("engine sessionLimit: sessionLimit is 1 to "))
        #expect(
            description(.commandLine, engine: { $0.sessionLimit = 0 })
                .hasPrefix("engine --sessions: --sessions is 1 to "))
    }

    /// An embedder's `Engine` speaks of the library.
    @Test func theLibrarysIsTheUsualOne() {
        var options = PairOptions()
        options.frameBytesMax = 0
        let error = #expect(throws: EngineError.self) {
            _ = try Engine(servers: [TCPServer(Self.udp, options: options)])
        }
        #expect(error?.reason.hasPrefix("frameBytesMax ") == true)
    }

    @Test func remediesOfARefusedBackend() {
        // ENOSYS, EINVAL and EPERM: each has a remedy of its own.
        for code: Int32 in [38, 22, 1] {
            let verdict = IOUringProbe.Verdict.refused(SystemError(code: code))
            let embedder = BackendDecision.refusal(verdict, spelling: .library)
            #expect(embedder.remedy.hasSuffix("use backend: .epoll"))
            let user = BackendDecision.refusal(verdict, spelling: .commandLine)
            #expect(user.remedy.hasSuffix("use --backend epoll"))
        }
    }

    @Test func noNameIsWrittenTwice() {
        for spelling in [OptionName.Spelling.library, .commandLine] {
            let names = OptionName.allCases.map { $0.spelled(spelling) }
            // The limit of a pair and that of an engine are members of different types.
            let twice = spelling == .library ? 1 : 0
            #expect(Set(names).count == names.count - twice)
        }
    }
}
