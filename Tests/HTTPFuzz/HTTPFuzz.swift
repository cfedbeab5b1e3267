// A target of libFuzzer: `make fuzz` builds it with the parser's own files, once for each kind.
// The first two bytes of the input are places to cut it at, the rest is what comes.

/// What was read, in words that can be compared.
private enum Verdict: Equatable {
    case more
    case refused(UInt16)
    case head(end: Int, BodyLength, String)
}

private func verdict(_ octets: Octets) -> Verdict {
    do throws(HTTPRefusal) {
        #if RESPONSES
            guard let head = try ResponseHead.read(octets, HTTPLimits(), isToHead: false) else {
                return .more
            }
            return .head(end: head.end, head.body, "\(head.status) \(head.facts.marks.rawValue)")
        #else
            guard let head = try RequestHead.read(octets, HTTPLimits()) else { return .more }
            checkWritten(head, octets)
            return .head(end: head.end, head.body, "\(head.method) \(head.target)")
        #endif
    } catch {
        return .refused(error.status)
    }
}

#if !RESPONSES
    /// What is written for the upstream is a valid request with the same framing.
    private func checkWritten(_ head: RequestHead, _ octets: Octets) {
        var client = ClientText("192.0.2.7")
        // What a trusted client says is written in another place.
        client.isTrusted = head.end % 2 == 1
        let additions = RequestWriter.Additions(
            client: client, authority: authority,
            forwarding: [.via, .xForwarded, .forwarded])
        let room = RequestWriter.room(head, additions)
        let output = [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            count = RequestWriter.write(
                head, octets, additions, into: UnsafeMutableRawBufferPointer(memory))
        }
        output.withUnsafeBufferPointer { memory in
            guard let start = memory.baseAddress else { return }
            var limits = HTTPLimits()
            limits.headBytes += 1 << 10
            limits.fields = HTTPLimits.fieldsMax
            let written = Octets(start, count: memory.count)
            guard let again = try? RequestHead.read(written, limits) else {
                fatalError("what is written is refused: \(output)")
            }
            precondition(again.end == output.count, "bytes behind the head")
            precondition(again.body == head.body, "another body")
            precondition(!again.isOldVersion && again.facts.marks.contains(.host))
        }
    }

    private let authority = StaticText("origin.example:80")
#endif

/// Of a chunked body: the data, and how it ended.
private func decode(_ octets: Octets, cuts: [Int]) -> ([UInt8], String) {
    var decoder = ChunkDecoder()
    var data: [UInt8] = []
    var first = 0
    for cut in cuts + [octets.count] where cut >= first && cut <= octets.count {
        let part = Octets(octets.start, count: cut)
        while first < cut {
            let passed = min(Int(clamping: decoder.dataLeft), cut - first)
            if passed > 0 {
                data += part[first..<first + passed]
                decoder.skip(UInt64(passed))
                first += passed
                continue
            }
            do throws(HTTPRefusal) {
                let (step, taken) = try decoder.next(part, from: first, HTTPLimits())
                first += taken
                if step == .trailers { return (data, "over at \(first)") }
            } catch {
                return (data, "refused \(error.status)")
            }
        }
    }
    return (data, "more")
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ input: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    guard size >= 2 else { return 0 }
    let octets = Octets(input + 2, count: size - 2)
    let cuts = [Int(input[0]), Int(input[0]) + Int(input[1])]
    #if CHUNKS
        let whole = decode(octets, cuts: [])
        precondition(decode(octets, cuts: cuts) == whole, "a cut changes the body")
    #else
        let whole = verdict(octets)
        for cut in cuts where cut < octets.count {
            let part = verdict(Octets(octets.start, count: cut))
            precondition(part == .more || part == whole, "a cut changes the verdict")
        }
    #endif
    return 0
}
