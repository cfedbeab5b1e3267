import Glibc
import Pelmeni

// A check that hangs ends with SIGALRM.
alarm(60)
for backend in [BackendChoice.ioUring, .epoll] {
    do {
        let program = try await Program(backend)
        try await program.runClosures()
        try await program.runAsync()
        try await program.runTypes()
        try await program.runExchange()
        try await program.runProtocols()
        try program.runRefusals()
        try await program.runEmbedding()
        try await program.runICMP()
        try await program.runHTTP()
        await program.stop()
        print("\(backend): ok")
    } catch let error as EngineError where error.kind == .backendRefused {
        print("\(backend): skipped: \(error)")
    } catch {
        print("\(backend): failed: \(error)")
        exit(1)
    }
}
