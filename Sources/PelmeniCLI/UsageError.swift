/// An error of the command line: the fault and the valid form. Exit code 2.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let description: String
    /// The command whose help describes it.
    let command: String

    init(_ description: String, command: String = "run") {
        self.description = description
        self.command = command
    }
}
