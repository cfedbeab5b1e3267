internal import Glibc
package import Pelmeni

/// The engine of an example.
package enum ExampleEngine {
    /// Runs a server until the process is ended. Log entries are printed.
    package static func serve(_ server: some Server, _ options: ExampleOptions) async -> Never {
        var settings = EngineOptions()
        settings.log = { entry in
            let fields = entry.fields.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            LinePrinter.printNow("\(entry.level): \(entry.message) \(fields)")
        }
        do {
            let engine = try Engine(
                backend: options.backend, servers: [server], options: settings)
            try await engine.start()
            for listener in engine.listeners { LinePrinter.printNow("listening \(listener)") }
            try await engine.run()
        } catch {
            print("error: \(error)")
            exit(1)
        }
        exit(0)
    }

    /// Runs a server on a port of the kernel's choice, for a check that gets the port.
    package static func with<Result>(
        _ server: some Server, _ options: ExampleOptions,
        _ body: (Engine, UInt16) async throws -> Result
    ) async throws -> Result {
        let engine = try Engine(backend: options.backend, workers: 1, servers: [server])
        try await engine.start()
        do {
            let result = try await body(engine, engine.listeners.first?.port ?? 0)
            await engine.stop()
            return result
        } catch {
            await engine.stop()
            throw error
        }
    }
}
