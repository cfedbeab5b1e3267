internal import Glibc
package import Pelmeni

/// The arguments that all examples take.
package struct ExampleOptions: Sendable {
    package var listen: HostPort
    package var upstream: HostPort
    package var backend = BackendChoice.auto
    /// The example checks itself and ends.
    package var isCheck = false
    /// Arguments of one example: `name` and `value` of each `--name value`.
    package var more: [String: String] = [:]

    /// The arguments of this process. Prints the usage and ends the process where one is wrong.
    ///
    /// - Parameters:
    ///   - listen: without `--listen`.
    ///   - upstream: without `--upstream`.
    ///   - more: further arguments and their defaults.
    package static func ofProcess(
        listen: HostPort, upstream: HostPort, more: [String: String] = [:]
    ) -> ExampleOptions {
        var options = ExampleOptions(listen: listen, upstream: upstream, more: more)
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            if argument == "--check" {
                options.isCheck = true
            } else if let value = arguments.popFirst(), options.take(argument, value) {
                continue
            } else {
                options.endWithUsage()
            }
        }
        return options
    }

    private mutating func take(_ argument: String, _ value: String) -> Bool {
        switch argument {
        case "--listen":
            guard let address = HostPort(value) else { return false }
            listen = address
        case "--upstream":
            guard let address = HostPort(value) else { return false }
            upstream = address
        case "--backend":
            guard let choice = BackendChoice(rawValue: value) else { return false }
            backend = choice
        default:
            let name = String(argument.drop { $0 == "-" })
            guard argument.hasPrefix("--"), more[name] != nil else { return false }
            more[name] = value
        }
        return true
    }

    private func endWithUsage() -> Never {
        let own = more.keys.sorted().map { " [--\($0) TEXT]" }.joined()
        print(
            """
            usage: \(CommandLine.arguments.first ?? "example") [--listen HOST:PORT] \
            [--upstream HOST:PORT] [--backend auto|io_uring|epoll] [--check]\(own)
            """)
        exit(2)
    }
}
