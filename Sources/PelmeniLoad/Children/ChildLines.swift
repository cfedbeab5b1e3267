internal import CPelmeni
internal import FoundationEssentials
internal import Glibc
internal import PelmeniCore

/// How a child process and the one that started it talk: a line of JSON in, lines out, one of JSON
/// last.
struct ChildLines: Sendable {
    /// What is wrong with a job, in words.
    struct BadJob: Error {
        let text: String
    }

    let input: LineInput
    let output: LineOutput

    init(input: Int32, output: Int32) {
        self.input = LineInput(descriptor: input)
        self.output = LineOutput(descriptor: output)
    }

    /// Those of a process, which may then open as many descriptors as the system lets it.
    static func ofProcess() -> ChildLines {
        // A parent that is gone shows in a failed write.
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

    /// The wait has a thread of its own: those that run tasks are few.
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
