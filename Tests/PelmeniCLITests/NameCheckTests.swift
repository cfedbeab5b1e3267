import Dispatch
import Pelmeni
import Testing

@testable import PelmeniCLI

@Suite("Names in `check`")
struct NameCheckTests {
    @Test("names at a silent server are named, and no others", .timeLimit(.minutes(1)))
    func deadNames() async {
        let gate = DispatchSemaphore(value: 0)
        let dead = (0..<12).map { "dead\($0).test" }
        let unresolved = await NameCheck.unresolved(
            dead + ["live.test"],
            lookup: { host, _ in
                guard host.hasPrefix("dead") else { return .success([SocketAddress()]) }
                gate.wait()
                gate.signal()
                return .failure(.init(reason: "the gate was opened"))
            }, patience: .seconds(5))
        #expect(unresolved == dead)
        gate.signal()
    }
}
