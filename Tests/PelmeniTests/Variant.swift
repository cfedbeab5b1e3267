import Pelmeni
import PelmeniCore
import Testing

/// A backend, and what of it is masked: every path that some machine takes.
struct Variant: Sendable, CustomTestStringConvertible {
    let backend: BackendChoice
    let without: [String]

    var testDescription: String {
        without.isEmpty ? backend.rawValue : "\(backend) without \(without.joined(separator: ","))"
    }

    /// Those that this machine grants; the first one always does.
    static let all: [Variant] = {
        let epoll = Variant(backend: .epoll, without: [])
        guard (try? BackendDecision.decide(.ioUring, without: []))?.backend == .ioUring else {
            print("io_uring is refused here: only epoll is tested")
            return [epoll]
        }
        return [
            epoll,
            Variant(backend: .ioUring, without: []),
            Variant(backend: .ioUring, without: ["6.1"]),
            Variant(backend: .ioUring, without: ["defer-taskrun"]),
        ]
    }()
}
