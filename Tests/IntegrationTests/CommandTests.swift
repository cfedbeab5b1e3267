import Foundation
import TestSupport
import Testing

extension Integration {
    /// The binary's contract: its output and its exit codes.
    @Suite(.timeLimit(.minutes(2))) struct CommandTests {
        private func run(
            _ arguments: [String]
        ) throws -> (code: Int32, output: String, errors: String) {
            try Child([try Binary.required()] + arguments).finish()
        }

        @Test(arguments: CommandBackend.granted) func readyLines(backend: CommandBackend) throws {
            let origin = try TestListener()
            let folder = try TemporaryFolder()
            let target = "tcp://127.0.0.1:\(origin.port)"
            let proxy = try Proxy(
                [
                    "tcp://127.0.0.1:0", target, "tcp://127.0.0.1:0?on=1,0",
                    "\(target),127.0.0.1:9?connect=2s", "unix://\(folder.file("a.sock"))", target,
                ],
                backend: backend, options: ["--workers", "2"])
            #expect(
                proxy.lines == [
                    "listening tcp://127.0.0.1:\(try proxy.port(0)) -> \(target)",
                    "listening tcp://127.0.0.1:\(try proxy.port(1)) -> \(target),127.0.0.1:9 on=0,1",
                    "listening unix://\(folder.file("a.sock")) -> \(target)",
                    "ready backend=\(backend.rawValue) workers=2",
                ])
            // After the ready line it accepts.
            for name in [SocketName.port(try proxy.port(0)), .path(folder.file("a.sock"))] {
                let client = try Wire(to: name)
                let upstream = try origin.accept()
                try client.write("x")
                #expect(try upstream.readText(1) == "x")
            }
            proxy.child.signal(SIGINT)
            try proxy.expectEnd(0)
            // Only those lines go to standard output; the log is on standard error.
            #expect(proxy.child.output.lines == proxy.lines)
            #expect(proxy.summary["accepted"] == 2)
            #expect(proxy.summary["completed"] == 2)
            #expect(!FileManager.default.fileExists(atPath: folder.file("a.sock")))
        }

        @Test func addressesOfAllSorts() throws {
            let proxy = try Proxy([
                "tcp://:0", "tcp://[::1]:9", "tcp://[::1]:0", "tcp://localhost:9",
                "tcp://localhost:0",
                "tcp://no-such-host.invalid:9",
            ])
            #expect(proxy.lines[0].hasSuffix(" -> tcp://[::1]:9"))
            #expect(proxy.lines[1].hasPrefix("listening tcp://[::1]:"))
            #expect(proxy.lines[1].hasSuffix(" -> tcp://localhost:9"))
            try proxy.child.errors.waitForLine("no-such-host.invalid")
            // All addresses: both families.
            let client = try Wire(toPort: try proxy.port(0))
            #expect(try client.readEnd() == .reset)
            try proxy.end()
            #expect(proxy.summary["connect_refused"] == 1)
        }

        @Test func helpAndVersion() throws {
            for arguments in [["--help"], ["-h"], ["help"]] {
                let help = try run(arguments)
                #expect(help.code == 0)
                #expect(help.output.contains("EXAMPLES"))
                #expect(help.errors.isEmpty)
            }
            for command in ["run", "check", "doctor", "demo", "bench"] {
                let help = try run([command, "--help"])
                #expect(help.code == 0)
                #expect(help.output.contains("EXAMPLES:"))
                #expect(help.output.contains("pelmeni \(command)"))
                #expect(help.errors.isEmpty)
            }
            let version = try run(["--version"])
            #expect(version.code == 0)
            #expect(version.output.hasPrefix("pelmeni "))
            #expect(version.output.contains("epoll"))
            #expect(version.errors.isEmpty)
        }

        @Test func logsAsJSON() throws {
            let origin = try TestListener()
            let proxy = try Proxy(
                ["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.port)"],
                options: ["--log-format", "json", "--log-level", "debug"])
            let client = try Wire(toPort: try proxy.port())
            let upstream = try origin.accept()
            client.close()
            upstream.close()
            try proxy.child.errors.waitForLine("session ended")
            proxy.child.signal(SIGTERM)
            let (code, _, errors) = try proxy.child.finish()
            #expect(code == 0)
            var messages: [String] = []
            for line in errors.split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                let entry = try #require(object as? [String: String], "\(line)")
                #expect(entry["time"] != nil && entry["level"] != nil)
                messages.append(entry["message"] ?? "")
            }
            #expect(messages.contains("draining"))
            #expect(messages.last == "ended")
        }

        /// A reader that closes its end does not stop the relay.
        @Test func signalsThatMeanNothing() throws {
            let origin = try TestListener()
            let proxy = try Proxy(["tcp://127.0.0.1:0", "tcp://127.0.0.1:\(origin.port)"])
            proxy.child.signal(SIGHUP)
            try proxy.child.errors.waitForLine("signal=HUP")
            proxy.child.signal(SIGUSR1)
            try proxy.child.errors.waitForLine("signal=USR1")
            try proxy.relaysOneByteAndEnds(origin)
        }

        @Test(arguments: CommandBackend.granted) func theSamePairTwice(backend: CommandBackend)
            throws
        {
            let origin = try TestListener()
            let target = "tcp://127.0.0.1:\(origin.port)"
            let first = try Proxy(["tcp://127.0.0.1:0", target], backend: backend)
            let address = "127.0.0.1:\(try first.port())"
            let second = try run(["run", "tcp://\(address)", target, "--backend", backend.rawValue])
            #expect(second.code == 1)
            #expect(second.output.isEmpty)
            #expect(second.errors.contains(address))
            #expect(second.errors.contains("EADDRINUSE"))
            expectNoCrash(second.errors)
            try first.end()
        }

        static let bad: [(arguments: [String], token: String)] = [
            (["run"], "LISTEN UPSTREAM"), (["run", "tcp://:0"], "tcp://:0"),
            (["run", "8080", "tcp://a:1"], "8080"), (["run", "tcp://:0", "9000"], "9000"),
            (["run", "tpc://:0", "tcp://a:1"], "tpc"),
            (["run", "https://:0", "tcp://a:1"], "https"),
            (["run", "tcp://:x", "tcp://a:1"], "\"x\""),
            (["run", "tcp://:0", "tcp://a:0"], "\"0\""),
            (["run", "tcp://:65536", "tcp://a:1"], "65536"),
            (["run", "tcp://:-1", "tcp://a:1"], "-1"), (["run", "tcp://:+80", "tcp://a:1"], "+80"),
            (["run", "tcp://:0", "tcp://:1"], "tcp://:1"),
            (["run", "tcp://:0", "tcp://a"], "\"a\""),
            (["run", "tcp://::1:0", "tcp://a:1"], "::1:0"),
            (["run", "tcp://[::1", "tcp://a:1"], "[::1"),
            (["run", "tcp://[::g]:0", "tcp://a:1"], "::g"),
            (["run", "tcp://1.2.3:0", "tcp://a:1"], "1.2.3"),
            (["run", "tcp://1.2.3.256:0", "tcp://a:1"], "1.2.3.256"),
            (["run", "tcp://a b:0", "tcp://a:1"], "a b"), (["run", "tcp://ä:0", "tcp://a:1"], "ä"),
            (["run", "tcp://:0/x", "tcp://a:1"], "/x"),
            (["run", "tcp://:0", "tcp://a:1,,b:1"], "comma"),
            (["run", "tcp://:0,:1", "tcp://a:1"], "2 addresses"),
            (["run", "tcp://:0", "tcp://a:1,a:1"], "twice"),
            (["run", "unix://a", "tcp://a:1"], "\"a\""),
            (["run", "unix:///", "tcp://a:1"], "folder"),
            (["run", "unix:///a%zz", "tcp://a:1"], "%zz"),
            (["run", "unix:///" + String(repeating: "x", count: 200), "tcp://a:1"], "xxx"),
            (["run", "tcp://:0?idel=1s", "tcp://a:1"], "idel"),
            (["run", "tcp://:0?idle", "tcp://a:1"], "idle"),
            (["run", "tcp://:0?idle=", "tcp://a:1"], "idle"),
            (["run", "tcp://:0?idle=5", "tcp://a:1"], "\"5\""),
            (["run", "tcp://:0?idle=-5s", "tcp://a:1"], "-5s"),
            (["run", "tcp://:0?idle=0s", "tcp://a:1"], "0s"),
            (["run", "tcp://:0?idle=5d", "tcp://a:1"], "5d"),
            (["run", "tcp://:0?idle=9999999999999999999s", "tcp://a:1"], "9999999999999999999s"),
            (["run", "tcp://:0?connect=none", "tcp://a:1"], "none"),
            (["run", "tcp://:0?sessions=0", "tcp://a:1"], "\"0\""),
            (["run", "tcp://:0?sessions=many", "tcp://a:1"], "many"),
            (["run", "tcp://:0?on=0,x", "tcp://a:1"], "0,x"),
            (["run", "tcp://:0?on=7", "tcp://a:1", "--workers", "2"], "7"),
            (["run", "tcp://:0?idle=1s", "tcp://a:1?idle=2s"], "idle"),
            (["run", "tcp://:0?mode=0600", "tcp://a:1"], "mode"),
            (["run", "unix:///tmp/a?mode=9", "tcp://a:1"], "\"9\""),
            (["run", "tcp://:0?framing=eof", "tcp://a:1"], "framing"),
            (["run", "tcp://:0?max-frame=8k", "tcp://a:1"], "max-frame"),
            (["run", "tcp://127.0.0.1:80", "tcp://127.0.0.1:80"], "itself"),
            (["run", "tcp://:0", "tcp://a:1", "--backend", "kqueue"], "kqueue"),
            (["run", "tcp://:0", "tcp://a:1", "--workers", "0"], "0"),
            (["run", "tcp://:0", "tcp://a:1", "--workers", "two"], "two"),
            (["run", "tcp://:0", "tcp://a:1", "--workers", "99999"], "99999"),
            (["run", "tcp://:0", "tcp://a:1", "--pool", "1x"], "1x"),
            (["run", "tcp://:0", "tcp://a:1", "--pool", "1"], "1 MiB"),
            (["run", "tcp://:0", "tcp://a:1", "--drain-timeout", "soon"], "soon"),
            (["run", "tcp://:0", "tcp://a:1", "--log-level", "loud"], "loud"),
            (["run", "tcp://:0", "tcp://a:1", "--io-uring-without", "magic"], "magic"),
            (["run", "tcp://:0", "tcp://a:1", "--admin", ":1"], "--admin"),
            (["run", "--config", "x.yaml"], "--config"),
            (["check", "nothing.yaml"], "nothing.yaml"),
            (["demo", "--seconds", "0"], "0"), (["demo", "--backend", "x"], "x"),
            (["bench", "rr65"], "rr65"), (["bench", "--subjects", "squid"], "squid"),
            (["bench", "--peers", "nothing.yaml"], "nothing.yaml"),
            (["bench", "--rounds", "0"], "0"),
            (["bench", "--json", "/no/folder/x"], "/no/folder/x"),
            (["doctor", "me"], "me"), (["serve"], "serve"), (["--nonsense"], "--nonsense"),
        ]

        @Test func badInputIsNamed() throws {
            for (arguments, token) in Self.bad {
                let (code, output, errors) = try run(arguments)
                #expect(code == 2, "\(arguments): \(errors)")
                #expect(output.isEmpty, "\(arguments)")
                #expect(errors.contains(token), "\(arguments): \(errors)")
                expectNoCrash(errors)
            }
        }

        @Test func check() throws {
            let (code, output, errors) = try run([
                "check", "tcp://:8080?on=0", "tcp://127.0.0.1:9000?idle=1m", "--workers", "2",
            ])
            #expect(code == 0)
            #expect(errors.isEmpty)
            #expect(output.contains("tcp://127.0.0.1:9000"))
            #expect(output.contains("idle: 1m"))
        }

        @Test func doctor() throws {
            let (code, output, errors) = try run(["doctor", "--json"])
            #expect(code == 0)
            #expect(errors.isEmpty)
            let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
            #expect(object?["kernel"] != nil && object?["auto"] != nil && object?["limits"] != nil)
            #expect(try run(["doctor"]).output.contains("descriptors"))
        }
    }
}
