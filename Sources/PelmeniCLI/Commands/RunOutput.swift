/// The output of `run` to the standard streams, written without waiting for their readers.
struct RunOutput: Sendable {
    /// How long the end waits for a reader that blocks, and how long after a second signal.
    private static let patience: Duration = .seconds(1)
    private static let hurriedPatience: Duration = .milliseconds(500)

    /// How long the end waits for a file of the access log that takes no lines.
    static let accessPatience: Duration = .seconds(1)

    private let output: OutputQueue
    private let error: OutputQueue

    init(format: LogFormat) {
        // Standard output gets one text, so no line of it is lost.
        output = OutputQueue(.output) { _ in "" }
        error = OutputQueue(.error) { count in
            LogLine.make(
                format, time: LogLine.time(), level: "warning",
                message: "log lines were lost: they came faster than they were read",
                fields: [("lines", "\(count)")])
        }
    }

    /// Writes a line to standard error.
    var log: @Sendable (String) -> Void {
        let error = error
        return { error.write(line: $0) }
    }

    /// Writes a line to standard error that is never dropped, however many lines wait.
    var owed: @Sendable (String) -> Void {
        let error = error
        return { error.write(line: $0, isOwed: true) }
    }

    /// - Parameter refused: called when standard output refuses the text.
    func ready(_ text: String, refused: @escaping @Sendable () -> Void) {
        output.write(text, isOwed: true, refused: refused)
    }

    /// Waits until all lines are written, but not for a reader that blocks.
    func flush(isHurried: () -> Bool) async {
        let patience = { isHurried() ? Self.hurriedPatience : Self.patience }
        await output.flush(within: patience)
        await error.flush(within: patience)
    }
}
