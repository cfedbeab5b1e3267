internal import Synchronization

/// The names of all guests, of all workers.
final class ChatRoom: Sendable {
    private struct Names {
        var all: Set<String> = []
        var count = 0
    }

    private let names = Mutex(Names())

    /// A name for a new guest.
    func enter() -> String {
        names.withLock { names in
            repeat {
                names.count += 1
            } while !names.all.insert("guest\(names.count)").inserted
            return "guest\(names.count)"
        }
    }

    /// False when the name is taken, or none.
    func rename(_ old: String, to new: String) -> Bool {
        names.withLock { names in
            guard !new.contains(" "), names.all.insert(new).inserted else { return false }
            names.all.remove(old)
            return true
        }
    }

    func leave(_ name: String) { _ = names.withLock { $0.all.remove(name) } }

    var list: String { names.withLock { $0.all.sorted().joined(separator: " ") } }
}
