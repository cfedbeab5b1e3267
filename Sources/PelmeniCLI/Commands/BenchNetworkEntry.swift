import ArgumentParser
import PelmeniBench
import Synchronization

/// Moves `pelmeni bench` into a network of its own, before the process has a second thread.
enum BenchNetworkEntry {
    private static let entered = Mutex<NetworkFacts?>(nil)

    /// The network of the run; the machine's where the run has not left it.
    static var facts: NetworkFacts {
        entered.withLock { $0 } ?? BenchNetwork.enter(BenchNetwork.machine)
    }

    /// Does nothing for other commands, or without a measurement. Errors of options are reported
    /// later.
    static func enter(_ arguments: [String]) {
        guard arguments.first == BenchCommand.configuration.commandName,
            let command = (try? PelmeniCommand.parseAsRoot(arguments)) as? BenchCommand,
            !command.list
        else { return }
        let facts = BenchNetwork.enter(command.congestion)
        entered.withLock { $0 = facts }
    }
}
