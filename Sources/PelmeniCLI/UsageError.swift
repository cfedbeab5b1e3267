/// Something on the command line that cannot be meant: named, with what would be right. Exit code
/// 2.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let description: String
    /// The command whose help says more.
    let command: String

    init(_ description: String, command: String = "run") {
        self.description = description
        self.command = command
    }
}
