import ArgumentParser
import Pelmeni

/// The command `pelmeni`.
struct PelmeniCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pelmeni",
        abstract: "A many-to-many protocol proxy on io_uring or epoll.",
        discussion: """
            EXAMPLES:
              pelmeni run tcp://127.0.0.1:8080 tcp://127.0.0.1:9000
              pelmeni run tcp://:53 udp://127.0.0.1:5353
              pelmeni check tcp://:8080 tcp://web:80,web2:80
              pelmeni doctor
              pelmeni demo
              pelmeni bench --quick
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, CheckCommand.self, DoctorCommand.self, DemoCommand.self,
            BenchCommand.self, BenchProxyCommand.self, BenchLoadCommand.self,
            BenchOriginCommand.self, BenchGuardCommand.self, BenchFiguresCommand.self,
            BenchPageCommand.self,
        ])

    /// The result of a command for the shell.
    struct Outcome: Sendable {
        let status: ExitStatus
        /// For standard output when the status is success, else for standard error; may be empty.
        let message: String
    }

    /// Runs the command that the arguments name.
    static func perform(_ arguments: [String]) async -> Outcome {
        do {
            var command = try parseAsRoot(arguments)
            if !(command is RunCommand || command is BenchCommand) { SignalWatch.process.letGo() }
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return Outcome(status: .success, message: "")
        } catch {
            return Outcome(status: ExitStatus(error), message: message(about: error, arguments))
        }
    }

    /// No argument adds a line.
    private static func message(about error: any Error, _ arguments: [String]) -> String {
        switch error {
        case is ExitStatus: ""
        case let error as UsageError:
            "pelmeni: \(OneLine.escaped("\(error)"))\n"
                + "See 'pelmeni \(error.command) --help' for more."
        case let error as EngineError: "pelmeni: \(error)"
        default: escaped(fullMessage(for: error), arguments)
        }
    }

    /// A message of several lines, which may cite an argument, or a part of one beside its `=`.
    private static func escaped(_ message: String, _ arguments: [String]) -> String {
        let parts = arguments.filter { !OneLine.isPlain($0) }.flatMap { argument in
            [argument] + argument.split(separator: "=", maxSplits: 1).map(String.init)
        }
        return parts.reduce(message) { $0.replacing($1, with: OneLine.escaped($1)) }
    }
}
