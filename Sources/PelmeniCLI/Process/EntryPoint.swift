import Glibc

/// Where the process starts.
@main
enum EntryPoint {
    static func main() {
        // Before any other thread exists; the main thread then has nothing to do but to take
        // signals.
        SignalWatch.process.hold()
        StandardStream.fillGaps()
        let arguments = Array(CommandLine.arguments.dropFirst())
        BenchNetworkEntry.enter(arguments)
        Task.detached {
            let outcome = await PelmeniCommand.perform(arguments)
            if outcome.status == .success, !outcome.message.isEmpty {
                StandardStream.output.write(line: outcome.message)
            } else if !outcome.message.isEmpty {
                // Why it failed is one short text: a reader that stands still does not keep the
                // process.
                let error = OutputQueue(.error) { _ in "" }
                error.write(line: outcome.message)
                await error.flush { .seconds(1) }
            }
            exit(outcome.status.rawValue)
        }
        SignalWatch.process.watch()
    }
}
