internal import CPelmeni
internal import FoundationEssentials
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The lines between a child process and its parent: one line of JSON in, lines out, the last one
/// JSON.
struct ChildLines: Sendable {
    /// A job that cannot be done, and the reason.
    struct BadJob: Error {
        let text: String
    }

    let input: LineInput
    let output: LineOutput

    init(input: Int32, output: Int32) {
        self.input = LineInput(descriptor: input)
        self.output = LineOutput(descriptor: output)
    }

    /// The lines of this process, which also raises its descriptor limit.
    static func ofProcess() -> ChildLines {
        // A failed write shows that the parent is gone.
        _ = signal(SIGPIPE, SIG_IGN)
        _ = pelmeni_descriptor_limit_raise()
        return ChildLines(input: STDIN_FILENO, output: STDOUT_FILENO)
    }

    func job<Job: Decodable & Sendable>(_ type: Job.Type) async throws(BadJob) -> Job {
        guard let line = await firstLine() else { throw BadJob(text: "no job on the input") }
        do {
            return try JSONDecoder().decode(type, from: Data(line.utf8))
        } catch {
            throw BadJob(text: "job: \(error)")
        }
    }

    /// The wait has a thread of its own: Swift has few threads for tasks.
    private func firstLine() async -> String? {
        guard let thread = try? LoadThread("input", body: { [input] in input.next() }) else {
            return nil
        }
        return await thread.value()
    }

    func end(_ outcome: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(outcome) else { return }
        output.write(String(decoding: data, as: UTF8.self))
    }
}
