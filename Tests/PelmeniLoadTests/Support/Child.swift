import CPelmeni
import FoundationEssentials
import Glibc

@testable import PelmeniLoad

/// A load or an origin like a child process's, over pipes in place of standard input and output.
final class Child: Sendable {
    private let input: Int32
    private let output: LineInput
    private let task: Task<Int32, Never>

    private init(serve: @escaping @Sendable (Int32, Int32) async -> Int32) throws {
        // An ended child reads no more.
        signal(SIGPIPE, SIG_IGN)
        let input = try Self.pipe()
        let output = try Self.pipe()
        self.input = input.write
        self.output = LineInput(descriptor: output.read)
        task = Task {
            let status = await serve(input.read, output.write)
            close(input.read)
            close(output.write)
            return status
        }
    }

    deinit { close(output.descriptor) }

    static func load(_ job: LoadJob) throws -> Child {
        let child = try Child { await LoadChild(input: $0, output: $1).serve() }
        child.write(try json(job))
        return child
    }

    static func load(line: String) throws -> Child {
        let child = try Child { await LoadChild(input: $0, output: $1).serve() }
        child.write(line)
        return child
    }

    static func origin(_ job: OriginJob) async throws -> (child: Child, port: UInt16) {
        let child = try Child { await OriginChild(input: $0, output: $1).serve() }
        child.write(try json(job))
        let words = try await child.line()?.split(separator: " ") ?? []
        guard words.count == 2, words[0] == "listening", let port = UInt16(words[1]) else {
            throw Problem(text: "\(words)")
        }
        return (child, port)
    }

    func write(_ line: String) { LineOutput(descriptor: input).write(line) }

    /// The next line; nil when the child has ended.
    func line() async throws -> String? {
        let output = output
        return await (try LoadThread("reader") { output.next() }).value()
    }

    /// All lines up to the outcome, the outcome, and the status.
    func outcome<Outcome: Decodable>(
        _ type: Outcome.Type
    ) async throws -> (lines: [String], outcome: Outcome, status: Int32) {
        var lines: [String] = []
        while let line = try await line() { lines.append(line) }
        let status = await task.value
        let last = lines.popLast() ?? ""
        return (lines, try JSONDecoder().decode(type, from: Data(last.utf8)), status)
    }

    /// Ends the input. Call it once.
    func endInput() { close(input) }

    struct Problem: Error {
        let text: String
    }

    private static func json(_ job: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pelmeni_spawn_pipe(&ends) == 0 else { throw Problem(text: "pipe") }
        return (ends[0], ends[1])
    }
}
