/// Something on the command line that cannot be meant: named, with what would be right. Exit code 2.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
