import ArgumentParser
import Pelmeni
import Yams

/// `pelmeni check`: prints what `run` would do.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what would run, as YAML.",
        usage: "pelmeni check LISTEN UPSTREAM [LISTEN UPSTREAM ...] [options]",
        discussion: """
            EXAMPLES:
              pelmeni check tcp://:8080 'tcp://10.0.0.1:80,10.0.0.2:80?connect=2s'
              pelmeni check 'tcp://:601?framing=octet-count' udp://127.0.0.1:514
              pelmeni check unix:///run/app.sock 'tcp://db:5432?idle=none' --workers 4

            Nothing is opened but a socket for a moment, where the kernel has to be asked: whether icmp is \
            allowed, whether an address is a broadcast. What only this machine lacks now, as an interface or \
            the address of a name, is a comment.

            \(EndpointHelp.text)

            EXIT CODES: 0 it makes sense, 1 it does and icmp is not allowed here, 2 it does not.
            """)

    @Argument(help: ArgumentHelp("Endpoints, LISTEN and UPSTREAM in turn.", valueName: "endpoint"))
    var endpoints: [String]

    @OptionGroup var engineArguments: EngineArguments

    func run() async throws {
        let pairs = try EndpointPair.list(endpoints)
        StandardStream.output.write(try await text(pairs))
    }

    /// The plan, with a comment for each expected fault.
    func text(
        _ pairs: [EndpointPair],
        unresolved: @Sendable ([String]) async -> [String] = NameCheck.unresolved
    ) async throws -> String {
        let plan = try RunPlan(pairs, engineArguments)
        var names: [String] = []
        for name in pairs.flatMap({ [$0.listener] + $0.upstreams }).compactMap(\.name)
        where !names.contains(name) {
            names.append(name)
        }
        var warnings = await unresolved(names).map { "\"\($0)\" does not resolve now" }
        for pair in pairs {
            let found = [
                EngineCheck.warning(pair.server.messages),
                EngineCheck.groupWarning(pair.upstreams),
            ]
            warnings += found.compactMap(\.self).map { "\(pair.listener.url): \($0)" }
            warnings += NetworkPlace.missingZones(of: pair.upstreams).map(\.description)
            warnings += EngineCheck.refusals(of: pair.server).map {
                "this would not start now: \($0)"
            }
        }
        if plan.backend.runs == RunPlan.noBackend {
            warnings.append("this would not start now: \(plan.backend.reason)")
        }
        let encoder = YAMLEncoder()
        encoder.options.width = -1
        return warnings.map { "# warning: \($0)\n" }.joined() + (try encoder.encode(plan))
    }
}
