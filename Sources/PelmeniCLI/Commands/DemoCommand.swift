import ArgumentParser
import Pelmeni
import PelmeniLoad

/// `pelmeni demo`: origins, proxies and clients in one process.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Move real, verified traffic through each backend, and print a table.",
        discussion: """
            Origins, proxies and clients run in this process, over the loopback. A backend that is \
            refused is named, and the others go on.

            EXAMPLES:
              pelmeni demo
              pelmeni demo --backend epoll --seconds 5

            EXIT CODES: 0 every byte was right, 1 something went wrong, 3 the one backend asked for is \
            refused.
            """)

    @Option(help: "Only this one. (default: io_uring, then epoll)")
    var backend: BackendChoice?

    @Option(help: "How long each kind of traffic lasts, 1 to 3600.")
    var seconds = 2

    func validate() throws {
        guard (1...3600).contains(seconds) else {
            throw ValidationError("--seconds \(seconds) is not between 1 and 3600")
        }
    }

    func run() async throws {
        // With a backend given by name, its refusal is an error, not a row of a table.
        if let backend {
            _ = try BackendDecision.decide(backend, without: [], spelling: .commandLine)
        }
        let demo = Demo(backends: backend.map { [$0] } ?? [.ioUring, .epoll], seconds: seconds)
        let report = await demo.run { StandardStream.error.write(line: $0) }
        StandardStream.output.write(line: report.table)
        if report.errors > 0 { throw ExitStatus.failed }
    }
}
