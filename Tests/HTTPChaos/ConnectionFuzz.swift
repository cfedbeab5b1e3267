internal import Glibc
import Pelmeni
import PelmeniHTTP
import PelmeniTesting

/// A whole connection of a client through the proxy, with bytes of both sides from a fuzzer: what
/// both sides get may not depend on how the bytes were cut, nor on the kernel's faults.
///
/// The first byte of an input has the server's options, the next two the seed of the second run.
/// Then come the client's bytes, and the parts of the origin's connections: each is sent once a
/// request's bytes have come, and nothing more of them does. The bytes 0xfc to 0xfe end a part:
/// with a reset, with an end of the stream, or without.
public enum ConnectionFuzz {
    /// What a run showed.
    struct Verdict {
        var client = ConnectionEnd()
        var origins: [ConnectionEnd] = []
        /// A request came behind a part after which its connection depends on the time: that
        /// decides what it is answered with.
        var isAmbiguous = false

        var lines: [String] {
            ["the client \(client)"] + origins.enumerated().map { "origin \($0) \($1)" }
                + (isAmbiguous ? ["not compared"] : [])
        }
    }

    /// Bytes of an input that are looked at.
    private static var bytesMax: Int { 8 << 10 }

    /// Runs an input twice, and compares. Returns what went wrong.
    ///
    /// - Parameter trace: is given all that happens in both runs, a line each.
    public static func fault(
        of input: some Collection<UInt8>, trace: ((String) -> Void)? = nil
    ) -> String? {
        let bytes = Array(input.prefix(bytesMax))
        guard bytes.count >= 3 else { return nil }
        let seed = UInt64(bytes[1]) << 8 | UInt64(bytes[2])
        let input = FuzzInput(bytes[3...], options: bytes[0])
        do {
            let whole = try run(input, seed: 1, isWhole: true, trace)
            let cut = try run(input, seed: 2 + seed, isWhole: false, trace)
            guard let difference = difference(whole, cut) else { return nil }
            return whole.isAmbiguous || cut.isAmbiguous ? nil : difference
        } catch let error as WireError {
            return error.text
        } catch {
            return "\(error)"
        }
    }

    private static func run(
        _ input: FuzzInput, seed: UInt64, isWhole: Bool, _ trace: ((String) -> Void)?
    ) throws -> Verdict {
        let record = FuzzRecord(input)
        let cast = SimulationSetup.Cast(clients: 1, bytes: input.bytes) {
            FuzzPrograms(record, writesAtOnce: isWhole)
        }
        var setup = try SimulationSetup(
            seed: seed, server: input.server(), cast: cast, isRough: false)
        if isWhole { setup.makeWhole() }
        trace?("a run that is \(isWhole ? "whole" : "cut"), seed \(seed)")
        let outcome = Simulation.outcome(of: setup, trace: trace)
        guard outcome.hasPassed else {
            throw WireError("seed \(seed): \(outcome.violations.joined(separator: "; "))")
        }
        let verdict = record.verdict
        if let trace { verdict.lines.forEach(trace) }
        for origin in verdict.origins { try origin.checkRequests() }
        return verdict
    }

    private static func difference(_ one: Verdict, _ other: Verdict) -> String? {
        if let text = one.client.difference(from: other.client) { return "the client \(text)" }
        // The proxy's own reset may destroy all bytes of a connection.
        if one.origins.count == other.origins.count,
            Self.difference(one.origins, other.origins) == nil
        {
            return nil
        }
        // A connection that never had a byte may come or not.
        return Self.difference(one.origins.filter(\.isUsed), other.origins.filter(\.isUsed))
    }

    private static func difference(_ ones: [ConnectionEnd], _ others: [ConnectionEnd]) -> String? {
        guard ones.count == others.count else {
            return "\(ones.count) connections, or \(others.count)"
        }
        for (place, pair) in zip(ones, others).enumerated() {
            if let text = pair.0.difference(from: pair.1) { return "origin \(place) \(text)" }
        }
        return nil
    }
}

/// What one end of a connection got.
struct ConnectionEnd: CustomStringConvertible {
    var came: [UInt8] = []
    var end = FlowResult.End.none
    /// It depends on the time whether the end that comes is a reset: a reset of its own may meet
    /// it on the way, and so may bytes that the proxy leaves unread, which make its close a reset.
    var hasOpenEnd = false

    var isUsed: Bool { !came.isEmpty }

    var description: String { "gets \(Self.text(came)), \(end)" }

    /// How this end differs from the same one of another run.
    func difference(from other: ConnectionEnd) -> String? {
        // A reset may destroy what was on its way.
        let isCut = end == .reset || other.end == .reset || hasOpenEnd || other.hasOpenEnd
        let (one, two) = (canonical, other.canonical)
        let most = isCut ? min(one.count, two.count) : .max
        let isSame = one.prefix(most) == two.prefix(most)
        guard isSame, end == other.end || hasOpenEnd || other.hasOpenEnd else {
            return "gets \(Self.text(one)), \(end), or \(Self.text(two)), \(other.end)"
        }
        return nil
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).debugDescription
    }

    /// Without the framing of chunks, whose sizes may be those of reads. That of a prefix is a
    /// prefix. Where a body looks as a head does, it does so in both runs.
    private var canonical: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(came.count)
        var rest = came[...]
        while let end = rest.firstRange(of: [13, 10, 13, 10])?.upperBound {
            let head = rest[..<end]
            output += head
            rest = rest[end...]
            let text = String(decoding: head, as: UTF8.self).lowercased()
            if text.contains("\r\ntransfer-encoding:") { Self.takeChunks(&rest, &output) }
        }
        return output + rest
    }

    /// Takes the chunks of a body: what else follows its head, as a response to HEAD, is none.
    private static func takeChunks(_ rest: inout ArraySlice<UInt8>, _ output: inout [UInt8]) {
        while let line = rest.firstRange(of: [13, 10]) {
            let text = String(decoding: rest[..<line.lowerBound], as: UTF8.self)
            guard let size = Int(text, radix: 16) else { return }
            rest = rest[line.upperBound...]
            // Its trailers are lines as those of a head.
            guard size > 0 else { return output.append(0x30) }
            output += rest.prefix(size)
            rest = rest.dropFirst(size).dropFirst(2)
        }
        rest = []
    }

    /// All that an origin gets is requests, each framed once; behind an upgrade anything comes.
    func checkRequests() throws {
        var reader = WireReader()
        reader.takesHighBytes = true
        reader.feed(came)
        while let event = try reader.next() {
            guard case .head(let head) = event else { continue }
            guard head["upgrade"] == nil else { return }
            let lengths = head.fields.filter { $0.name == "content-length" }
            let codings = head.fields.filter { $0.name == "transfer-encoding" }
            guard lengths.count + codings.count <= 1 else {
                throw WireError("a request that is framed twice: \(head)")
            }
            if let length = lengths.first {
                guard let count = Int(length.value) else { throw WireError("a length of \(head)") }
                reader.begin(.bytes(count))
            } else {
                reader.begin(codings.isEmpty ? .none : .chunked)
            }
        }
    }
}

/// What libFuzzer calls with each input of its target CONNECTION. Other programs do not call it.
/// With TRACE in the environment both runs are told, for an input that failed.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConnection(_ input: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    let trace: ((String) -> Void)? = isTraced ? { tell($0) } : nil
    let bytes = UnsafeBufferPointer(start: input, count: size)
    if let fault = ConnectionFuzz.fault(of: bytes, trace: trace) { fatalError(fault) }
    return 0
}

private let isTraced = getenv("TRACE") != nil

/// Not by way of a buffer, which a failed run would leave.
private func tell(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
