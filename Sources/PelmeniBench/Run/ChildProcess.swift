internal import CPelmeni
internal import Glibc

/// A process that this run started. Only this process holds the other end of its standard input, so
/// the child ends when this process does, however that ends.
final class ChildProcess {
    private static let sliceMilliseconds: Int32 = 100
    private static let endSeconds = 5.0

    let name: String
    let pid: pid_t
    private let interrupt: Interrupt
    private let errorPath: String
    private var input: Int32
    private var output: Int32
    private var pending: [UInt8] = []
    private var status: Int32?

    /// - Parameters:
    ///   - command: a program's path and its arguments.
    ///   - folder: the folder of its standard error.
    init(
        _ name: String, _ command: [String], cores: CoreSet, folder: ScratchFolder,
        interrupt: Interrupt
    ) throws(BenchError) {
        self.name = name
        self.interrupt = interrupt
        errorPath = folder.newPath(name + ".err")
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard pelmeni_spawn_pipe(&toChild) == 0, pelmeni_spawn_pipe(&fromChild) == 0 else {
            throw .failed("no pipe for \(name): \(String(cString: strerror(errno)))")
        }
        let spawn = SpawnCommand(
            command: command, input: toChild[0], output: fromChild[1], errorPath: errorPath)
        let result = cores.start(spawn)
        close(toChild[0])
        close(fromChild[1])
        input = toChild[1]
        output = fromChild[0]
        switch result {
        case .success(let pid): self.pid = pid
        case .failure(let error):
            close(input)
            close(output)
            throw .failed("\(command.first ?? name) cannot be started: \(error)")
        }
    }

    // MARK: Talking to it

    func write(line: String) throws(BenchError) {
        let bytes = Array((line + "\n").utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(input, $0.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw .failed("\(name) has closed its input: \(problem())")
            }
        }
    }

    /// The next line; nil when the child has closed its output.
    func readLine(within seconds: Double) throws(BenchError) -> String? {
        let limit = Self.now() + seconds
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeFirst(end + 1)
                return line
            }
            try interrupt.check()
            guard Self.now() < limit else {
                throw .failed("\(name) printed no line within \(Int(seconds)) s: \(problem())")
            }
            guard fill() else { return nil }
        }
    }

    /// Reads until a line begins with the word, and returns the rest of that line.
    func expect(_ word: String, within seconds: Double) throws(BenchError) -> String {
        var last = ""
        while let line = try readLine(within: seconds) {
            if line.hasPrefix(word) { return String(line.dropFirst(word.count)).trimmingSpaces }
            // A result is for programs, and too long for an error message.
            last = line.hasPrefix("{") ? "" : " \(line)"
        }
        throw .failed("\(name) ended before it said '\(word)': \(problem())\(last)")
    }

    func closeInput() {
        if input >= 0 { close(input) }
        input = -1
    }

    /// False at the end of the output.
    private func fill() -> Bool {
        var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Self.sliceMilliseconds) > 0 else { return true }
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(output, &piece, piece.count)
        if count > 0 { pending += piece[..<count] }
        return count > 0 || (count < 0 && errno == EINTR)
    }

    // MARK: Its end

    /// The exit status; nil while the child runs, 128 and more after a signal.
    func ended() -> Int32? {
        if status != nil { return status }
        var word: Int32 = 0
        guard waitpid(pid, &word, WNOHANG) == pid else { return nil }
        let signal = word & 0x7f
        status = signal == 0 ? (word >> 8) & 0xff : 128 + signal
        return status
    }

    /// The last line of its standard error.
    func problem() -> String {
        let lines = (TextFile.read(errorPath) ?? "").split(separator: "\n").suffix(3)
        let text = lines.joined(separator: " / ")
        if let status = ended() {
            return "exit status \(status)" + (text.isEmpty ? "" : ": \(text)")
        }
        return text.isEmpty ? "it still runs" : text
    }

    /// Closes the input, which tells the child to end, and waits; then sends TERM, then KILL.
    @discardableResult
    func end(within seconds: Double = endSeconds) -> Int32 {
        closeInput()
        for signal in [0, SIGTERM, SIGKILL] {
            if signal != 0 { kill(pid, signal) }
            let limit = Self.now() + (signal == 0 ? seconds : 2)
            while ended() == nil, Self.now() < limit { usleep(2_000) }
            if ended() != nil { break }
        }
        if output >= 0 { close(output) }
        output = -1
        unlink(errorPath)
        return status ?? -1
    }

    static func now() -> Double { Double(pelmeni_monotonic_nanoseconds()) / 1e9 }
}
