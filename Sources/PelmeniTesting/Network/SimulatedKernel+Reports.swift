internal import Glibc
internal import PelmeniCore

// What the network reports of datagrams to an upstream.
extension SimulatedKernel {
    /// The error of an earlier datagram, told once. A socket with an error queue is told more kinds
    /// of them, and has them in its queue too.
    func tellRefusal(_ number: Int) -> Int32 {
        messages.sockets[number].errors.isPending = false
        guard messages.sockets[number].errors.areKept else { return -ECONNREFUSED }
        hit(.refusalReported)
        let error = number % 2 == 0 ? -EHOSTUNREACH : -ECONNREFUSED
        messages.sockets[number].errors.kept.error = error
        messages.sockets[number].errors.kept.unreachable += 1
        messages.sockets[number].errors.kept.count += 1
        return error
    }

    static func isRefusal(_ result: Int32) -> Bool {
        result == -ECONNREFUSED || result == -EHOSTUNREACH
    }

    /// The engine gets an error of a socket.
    func noteError(_ number: Int) {
        if messages.sockets[number].errors.areKept {
            messages.sockets[number].errors.areOwed = true
        }
    }

    /// The engine empties a socket's error queue.
    func takeReports(_ socket: Int32) -> NetworkReports {
        guard let number = datagrams(socket)?.pointee.number else { return NetworkReports() }
        if !messages.sockets[number].errors.areKept {
            violate("flow \(number) has no error queue")
        }
        let kept = messages.sockets[number].errors.kept
        messages.sockets[number].errors.areOwed = false
        messages.sockets[number].errors.kept = NetworkReports()
        // The error itself may still be on its way to the engine, whose session has ended by then.
        messages.books.refusalsMost += kept.unreachable
        return kept
    }

    /// A socket with reports in its queue would be ready for ever.
    func checkTaken(_ number: Int) {
        guard messages.sockets[number].errors.areOwed else { return }
        violate("flow \(number) is used with reports in its error queue")
    }
}
