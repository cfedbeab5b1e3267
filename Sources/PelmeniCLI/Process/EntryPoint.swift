import Glibc

/// Where the process starts.
@main
enum EntryPoint {
    static func main() {
        // Before any other thread exists; the main thread then has nothing to do but to take signals.
        SignalWatch.process.hold()
        StandardStream.fillGaps()
        let arguments = Array(CommandLine.arguments.dropFirst())
        BenchNetworkEntry.enter(arguments)
        Task.detached {
            let outcome = await PelmeniCommand.perform(arguments)
            if !outcome.message.isEmpty {
                let stream = outcome.status == .success ? StandardStream.output : .error
                stream.write(line: outcome.message)
            }
            exit(outcome.status.rawValue)
        }
        SignalWatch.process.watch()
    }
}
