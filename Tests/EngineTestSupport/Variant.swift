package import Pelmeni
import PelmeniRuntime
import Testing

/// A backend with a mask: every path that some machine takes.
package struct Variant: Sendable, CustomTestStringConvertible {
    package let backend: BackendChoice
    package let without: Set<IOUringFeature>

    package var testDescription: String {
        guard !without.isEmpty else { return backend.rawValue }
        return "\(backend) without \(without.map(\.rawValue).sorted().joined(separator: ","))"
    }

    /// The variants that this machine grants; the first one is always granted.
    package static let all: [Variant] = {
        let epoll = Variant(backend: .epoll, without: [])
        guard
            (try? BackendDecision.decide(.ioUring, without: [], spelling: .library))?.backend
                == .ioUring
        else {
            print("io_uring is refused here: only epoll is tested")
            return [epoll]
        }
        return [
            epoll,
            Variant(backend: .ioUring, without: []),
            Variant(backend: .ioUring, without: .newerThanLinux61),
            Variant(backend: .ioUring, without: [.deferTaskRun]),
        ]
    }()
}
