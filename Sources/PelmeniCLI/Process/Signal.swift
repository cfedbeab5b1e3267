import Glibc

/// The signals that the command handles.
enum Signal: CaseIterable, Sendable {
    case terminate
    case interrupt
    case hangUp
    case user1

    var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        }
    }

    var name: String {
        switch self {
        case .terminate: "TERM"
        case .interrupt: "INT"
        case .hangUp: "HUP"
        case .user1: "USR1"
        }
    }

    init?(number: Int32) {
        guard let signal = Signal.allCases.first(where: { $0.number == number }) else { return nil }
        self = signal
    }
}
