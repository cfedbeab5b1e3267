import Glibc

/// The start of the process.
@main
enum EntryPoint {
    static func main() {
        // Before any other thread exists: the main thread is then left to take signals.
        SignalWatch.process.hold()
        StandardStream.fillGaps()
        let given = arguments()
        let arguments = given.compactMap(\.self)
        BenchNetworkEntry.enter(arguments)
        Task.detached {
            let outcome =
                if let index = given.firstIndex(of: nil) {
                    PelmeniCommand.Outcome(
                        status: .usage, message: "pelmeni: argument \(index + 1) is not UTF-8")
                } else {
                    await PelmeniCommand.perform(arguments)
                }
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

    /// Nil for one that is not UTF-8: repaired, as `CommandLine.arguments` has it, a path would be
    /// that of another file.
    private static func arguments() -> [String?] {
        (1..<max(1, Int(CommandLine.argc))).map { index in
            CommandLine.unsafeArgv[index].flatMap { String(validatingCString: $0) }
        }
    }
}
