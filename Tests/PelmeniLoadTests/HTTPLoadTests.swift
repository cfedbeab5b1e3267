import TestSupport
import Testing

@testable import PelmeniLoad

/// Loads of HTTP as child processes, without a proxy between them and their origins.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HTTPLoadTests {
    private func job(_ kind: LoadJob.Kind, _ port: UInt16 = 0) -> LoadJob {
        var job = LoadJob(kind: kind, port: port)
        job.isHTTP = true
        job.connections = 4
        job.requestBytes = kind == .upload ? 1_000_003 : 0
        job.answerBytes = kind == .download ? 1_000_003 : 64
        job.warmUpNanoseconds = 50_000_000
        job.windowNanoseconds = 200_000_000
        job.requestsPerSecond = 2000
        // A machine with other work is no fault of the load.
        job.timeoutNanoseconds = 30_000_000_000
        return job
    }

    @Test(
        arguments: [LoadJob.Kind.exchange, .connect, .download, .upload, .open, .idle], [1, 3])
    func everyKindMovesVerifiedTraffic(kind: LoadJob.Kind, pipeline: Int) async throws {
        var originJob = OriginJob(kind: .http)
        originJob.isBulk = kind == .download
        let origin = try await Child.origin(originJob)
        var job = job(kind, origin.port)
        job.pipeline = pipeline
        let load = try Child.load(job)
        if kind == .idle {
            #expect(try await load.line() == "connected")
            load.write("")
        }
        let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
        load.endInput()
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self)
        #expect(lines == (kind == .idle ? [] : ["connected", "measuring", "measured"]))
        #expect(status == 0 && seen.status == 0)
        #expect(outcome.failure == nil)
        #expect(outcome.faults == [:])
        #expect(seen.outcome.faults == [:])
        #expect(seen.outcome.accepted == outcome.connections)
        #expect(seen.outcome.requests >= outcome.exchanges + job.connections)
        #expect(outcome.exchanges > 0)
        switch kind {
        case .upload: #expect(outcome.bytes == UInt64(outcome.exchanges) * 1_000_003)
        case .exchange: #expect(outcome.bytes == UInt64(outcome.exchanges) * 64)
        case .idle: #expect(outcome.exchanges == job.connections)
        default: #expect(outcome.bytes > 0)
        }
        if kind != .connect { #expect(outcome.connections == job.connections) }
    }

    @Test func bodiesMayGoBothWays() async throws {
        let origin = try await Child.origin(OriginJob(kind: .http))
        var job = job(.exchange, origin.port)
        job.requestBytes = 20_000
        job.answerBytes = 30_000
        let load = try Child.load(job)
        let outcome = try await load.outcome(LoadOutcome.self).outcome
        load.endInput()
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self)
        #expect(outcome.faults == [:] && seen.outcome.faults == [:])
        #expect(outcome.exchanges > 0)
        #expect(outcome.bytes == UInt64(outcome.exchanges) * 50_000)
    }

    /// Whatever byte of the fifth answer it is, of 103: its version, its status, a field's name,
    /// the length, the body.
    @Test(arguments: [415, 422, 437, 446, 470], [1, 8])
    func aMiddlemanIsFoundOut(place: Int, pipeline: Int) async throws {
        for flaw in Middleman.Flaw.allCases where flaw != .stalls {
            let origin = try await Child.origin(OriginJob(kind: .http))
            let middleman = try Middleman(flaw, place: place, to: origin.port)
            var job = job(.exchange, middleman.port)
            job.connections = 1
            job.pipeline = pipeline
            job.timeoutNanoseconds = 200_000_000
            let load = try Child.load(job)
            let outcome = try await load.outcome(LoadOutcome.self).outcome
            load.endInput()
            await middleman.stop()
            origin.child.endInput()
            _ = try await origin.child.outcome(OriginOutcome.self)
            let wanted: Set = [
                Fault.wrongByte.text, Fault.wrongHead.text, Fault.wrongStatus.text,
                Fault.timeout.text,
            ]
            #expect(!outcome.faults.isEmpty, "\(flaw)")
            #expect(Set(outcome.faults.keys).isSubset(of: wanted), "\(flaw): \(outcome.faults)")
            if flaw == .changesByte { #expect(outcome.faults[Fault.timeout.text] == nil) }
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 64\r\n\r\n", Fault.wrongStatus),
        ("HTTP/1.1 204 OK\r\n\r\n", .wrongStatus),
        ("HTTP/1.0 200 OK\r\nContent-Length: 64\r\n\r\n", .wrongHead),
        ("HTTP/1.1 200 OK\r\n\r\n", .wrongHead),
        ("HTTP/1.1 200 OK\r\nContent-Length: 63\r\n\r\n", .wrongHead),
        ("HTTP/1.1 200 OK\r\nContent-Length: 64\r\nContent-Length: 64\r\n\r\n", .wrongHead),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .wrongHead),
        ("HTTP/1.1 200 OK\nContent-Length: 64\r\n\r\n", .wrongHead),
        ("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\nthe body of another request", .wrongByte),
        ("", .short),
        ("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n", .short),
        ("HTTP/1.1 200 OK\r\nContent-Length: 64\r\nX: a\r\n\r\n", .short),
    ]) func anAnswerThatIsWrongIsNamed(text: String, fault: Fault) async throws {
        let origin = try FixedOrigin(text)
        var job = job(.exchange, origin.port)
        job.connections = 1
        let load = try Child.load(job)
        let outcome = try await load.outcome(LoadOutcome.self).outcome
        load.endInput()
        await origin.stop()
        #expect(outcome.failure != nil)
        #expect(outcome.exchanges == 0)
        #expect(Set(outcome.faults.keys) == [fault.text])
    }

    @Test func aDroppedConnectionIsAFault() async throws {
        let origin = try await Child.origin(OriginJob(kind: .http))
        let load = try Child.load(job(.idle, origin.port))
        #expect(try await load.line() == "connected")
        origin.child.endInput()
        // It waits a second for its clients to end, and then cuts them off.
        _ = try await origin.child.outcome(OriginOutcome.self)
        load.write("")
        let outcome = try await load.outcome(LoadOutcome.self).outcome
        load.endInput()
        #expect(outcome.faults.values.reduce(0, +) == 4)
    }

    @Test func stalledReadersAreNotOfHTTP() async throws {
        let load = try Child.load(job(.stalled))
        let (_, outcome, status) = try await load.outcome(LoadOutcome.self)
        load.endInput()
        #expect(status == 1)
        #expect(outcome.failure == "stalled: not of HTTP")
    }

    /// However a head is cut, and beside another leg's.
    @Test func headsAreFoundInPieces() throws {
        let text = Array("a\r\n\n\r\r\n\r\nrest".utf8)
        for cut in 0...9 {
            var heads = HTTPHeads(capacity: 2)
            var found: [UInt8] = []
            var taken = 0
            var isMidHead = true
            text.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                _ = heads.take(1, base, 3)
                for (start, end) in [(0, cut), (cut, text.count)] where found.isEmpty && end > start
                {
                    switch heads.take(0, base + start, end - start) {
                    case .part:
                        taken += end - start
                        isMidHead = heads.isMidHead(0)
                    case .whole(let head, let count):
                        taken += count
                        found = Array(head)
                    case .tooLong: Issue.record("\(cut)")
                    }
                }
            }
            #expect(found == Array("a\r\n\n\r\r\n\r\n".utf8))
            #expect(taken == 9)
            #expect(isMidHead)
            isMidHead = heads.isMidHead(0)
            #expect(!isMidHead)
            isMidHead = heads.isMidHead(1)
            #expect(isMidHead)
        }
    }
}
