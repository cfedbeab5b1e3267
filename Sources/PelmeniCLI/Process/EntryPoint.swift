import Glibc

/// The start of the process.
@main
enum EntryPoint {
    static func main() {
        // Before any other thread exists: the main thread is then left to take signals.
        SignalWatch.process.hold()
        StandardStream.fillGaps()
        let arguments = Array(CommandLine.arguments.dropFirst())
        BenchNetworkEntry.enter(arguments)
        Task.detached {
            let outcome = await PelmeniCommand.perform(arguments)
            if outcome.status == .success, !outcome.message.isEmpty {
                StandardStream.output.write(line: outcome.message)
            } else if !outcome.message.isEmpty {
                // The error is one short text: a reader that blocks must not keep the process.
                let error = OutputQueue(.error) { _ in "" }
                error.write(line: outcome.message)
                await error.flush { .seconds(1) }
            }
            exit(outcome.status.rawValue)
        }
        SignalWatch.process.watch()
    }
}
