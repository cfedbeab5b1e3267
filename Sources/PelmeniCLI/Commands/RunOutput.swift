/// What `run` writes to the standard streams, without waiting for who reads them.
struct RunOutput: Sendable {
    /// How long the end waits for a reader that stands still, and how long once a second signal
    /// came.
    private static let patience: Duration = .seconds(1)
    private static let hurriedPatience: Duration = .milliseconds(500)

    private let output: OutputQueue
    private let error: OutputQueue

    init(format: LogFormat) {
        // Standard output has one text, so none of it is lost.
        output = OutputQueue(.output) { _ in "" }
        error = OutputQueue(.error) { count in
            LogLine.make(
                format, time: LogLine.time(), level: "warning",
                message: "log lines were lost: they came faster than they were read",
                fields: [("lines", "\(count)")])
        }
    }

    /// Takes a line for standard error.
    var log: @Sendable (String) -> Void {
        let error = error
        return { error.write(line: $0) }
    }

    /// Takes a line for standard error that is owed, however much waits there.
    var owed: @Sendable (String) -> Void {
        let error = error
        return { error.write(line: $0, isOwed: true) }
    }

    /// - Parameter refused: called when standard output does not take it.
    func ready(_ text: String, refused: @escaping @Sendable () -> Void) {
        output.write(text, isOwed: true, refused: refused)
    }

    /// Waits until all is written, though not for a reader that stands still.
    func flush(isHurried: () -> Bool) async {
        let patience = { isHurried() ? Self.hurriedPatience : Self.patience }
        await output.flush(within: patience)
        await error.flush(within: patience)
    }
}
