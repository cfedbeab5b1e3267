import ExampleSupport
import Glibc
import Pelmeni

// Prints a number of bytes or of allocations, which check.py compares:
//
//     hook-memory SCENE KIND BACKEND none|6.1
//
// A wait for ever ends with SIGALRM.
alarm(120)
let words = Array(CommandLine.arguments.dropFirst())
guard words.count == 4, let backend = BackendChoice(rawValue: words[2]) else {
    print("hook-memory SCENE KIND BACKEND none|6.1")
    exit(64)
}
let run = MemoryRun(backend: backend, isMasked: words[3] == "6.1")
do {
    let number =
        switch words[0] {
        case "sessions": try await run.sessions(words[1])
        case "units": try await run.units(words[1])
        case "endless": try await run.endless(words[1])
        default: throw ExampleFailure("no scene \(words[0])")
        }
    print(number)
} catch let error as EngineError where error.kind == .backendRefused {
    print("refused")
} catch {
    print("failed: \(error)")
    exit(1)
}
