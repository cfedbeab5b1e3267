import ArgumentParser
import PelmeniBench
import Synchronization

/// Takes `pelmeni bench` out of the machine's network, before the process has a second thread.
enum BenchNetworkEntry {
    private static let entered = Mutex<NetworkFacts?>(nil)

    /// Where the run takes place; the machine's network when nobody left it.
    static var facts: NetworkFacts {
        entered.withLock { $0 } ?? BenchNetwork.enter(BenchNetwork.machine)
    }

    /// Does nothing for other commands, or where nothing is measured: wrong options are told of
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
