import Glibc

/// The outputs of the simulator.
enum SimulatorOutput {
    static func error(_ text: String) {
        let line = text + "\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    static func progress(_ text: String) {
        let line = "\r\u{1b}[K" + text
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
