/// The rules that keep this process's descriptors out of other programs.
enum DescriptorChecks {
    /// Calls that start a program. Foundation's `Process` closes other descriptors by itself.
    private static let starts: Set<String> = [
        "posix_spawn", "posix_spawnp", "fork", "vfork", "execv", "execve", "execvp", "popen",
    ]
    /// Calls whose descriptor is inherited by a program that starts before it is marked: each has
    /// an alternative that marks it from the start.
    private static let unmarked: [String: String] = [
        "pipe": "pipe2", "accept": "accept4", "epoll_create": "epoll_create1",
        "inotify_init": "inotify_init1", "creat": "open",
    ]
    /// Calls that mark their descriptor on request.
    private static let markers: [String: String] = [
        "socket": "SOCK_CLOEXEC", "socketpair": "SOCK_CLOEXEC", "accept4": "SOCK_CLOEXEC",
        "pipe2": "O_CLOEXEC", "eventfd": "EFD_CLOEXEC", "timerfd_create": "TFD_CLOEXEC",
        "epoll_create1": "EPOLL_CLOEXEC",
    ]

    /// A program gets the standard streams and no other descriptor.
    static func childDescriptors(_ file: SourceText) -> [Offence] {
        let calls = calls(file)
        let closesByHand = file.tokens.contains { $0.text == "SYS_close_range" }
        guard !closesByHand, !calls.contains(where: { $0.name == "pelmeni_spawn_close_from" })
        else { return [] }
        return calls.filter { starts.contains($0.name) }.map {
            Offence(
                path: file.path, line: $0.line,
                reason: "\($0.name) without pelmeni_spawn_close_from")
        }
    }

    /// Descriptors are close-on-exec from the start.
    static func creation(_ file: SourceText) -> [Offence] {
        let words = Set(file.tokens.filter(\.isWord).map(\.text))
        return calls(file).compactMap { call in
            if let better = unmarked[call.name] {
                return Offence(
                    path: file.path, line: call.line,
                    reason: "\(call.name) marks nothing close-on-exec: use \(better)")
            }
            guard let marker = markers[call.name], !words.contains(marker) else { return nil }
            return Offence(
                path: file.path, line: call.line, reason: "\(call.name) without \(marker)")
        }
    }

    /// Calls of C functions: words before a parenthesis that are neither members nor declarations.
    private static func calls(_ file: SourceText) -> [(name: String, line: Int)] {
        guard let top = file.folders.first, ["Sources", "CSupport", "Tests"].contains(top) else {
            return []
        }
        let tokens = file.tokens
        let own = Set(
            tokens.indices.dropFirst().filter { tokens[$0 - 1].text == "func" }
                .map { tokens[$0].text })
        return tokens.indices.dropLast().compactMap { index in
            guard tokens[index].isWord, tokens[index + 1].text == "(" else { return nil }
            let isGlibc = index > 1 && tokens[index - 2].text == "Glibc"
            let before = index > 0 ? tokens[index - 1].text : ""
            // A function of the file's own takes precedence over the library's.
            guard isGlibc || (before != "." && !own.contains(tokens[index].text)) else {
                return nil
            }
            return (tokens[index].text, tokens[index].line)
        }
    }
}
