import CPelmeni
import TestSupport
import Testing

@testable import PelmeniCore

/// Memory of blocks is given back, and no byte is lost with it.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct RingTrimTests {
    @Test(arguments: RingChoice.real) func bytesOutliveATrim(choice: RingChoice) throws {
        try RingBench.run(choice) { bench in
            let pairs = try (0..<20).map { _ in try SocketPair.tcp(for: bench) }
            let slots = try pairs.map { try bench.attach($0.near) }
            for slot in slots { bench.receive(slot) }
            try bench.turn()
            for round in 1...3 {
                let bytes = Pattern.shared.stream(key: round, count: 20_000)
                let before = slots.map { bench[$0].received }
                for pair in pairs { try pair.far.write(bytes) }
                // Received, and not handed out: those blocks are not free. A ring of readiness
                // receives nothing in its wait, and forgets events that are not handed out.
                if choice != .epoll {
                    #expect(bench.ring.submit(until: bench.ring.calls.now() + 100_000_000) == 0)
                }
                bench.pool.trim()
                bench.ring.trim()
                let isWhole = try bench.run {
                    zip(slots, before).allSatisfy { slot, before in
                        bench[slot].received.count == before.count + bytes.count
                    }
                }
                #expect(isWhole, "round \(round)")
                for (slot, before) in zip(slots, before) {
                    let isSame = bench[slot].received == before + bytes
                    #expect(isSame, "round \(round)")
                }
                // Quiet: all blocks are free or posted.
                try bench.turn(wait: 60)
                bench.pool.trim()
                bench.ring.trim()
            }
            try bench.closeAll(slots)
        }
    }
}
