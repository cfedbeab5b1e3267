internal import Glibc
internal import Pelmeni

/// A body that is collected whole, behind its head in the bytes of the stream that are left
/// untaken: the framing of chunks and trailers is cut out in place.
struct BridgeBody: Sendable {
    private enum Place: UInt8 {
        case data, trailers
    }

    let length: BodyLength
    /// Bytes of the head, in front.
    let headBytes: Int
    /// Bytes of the body so far, behind the head.
    private(set) var bytes = 0
    private var decoder = ChunkDecoder()
    private var place = Place.data

    init(_ length: BodyLength, headBytes: Int) {
        self.length = length
        self.headBytes = headBytes
    }

    /// A hook has put other bytes in place of the body.
    mutating func replace(bytes count: Int) { bytes = count }

    /// Bytes of head and body.
    var end: Int { headBytes &+ bytes }

    /// Takes what came. True once the body is complete; one up to the stream's end never is.
    ///
    /// - Parameters:
    ///   - data: head, body so far, and what came behind it.
    ///   - most: bytes of the body.
    mutating func collect(
        _ data: inout Buffer, most: Int, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> Bool {
        let there = data.count &- headBytes
        switch length {
        case .none: return true
        case .bytes(let count):
            guard count <= UInt64(most) else { throw .bodyTooLong }
            bytes = min(there, Int(count))
            return bytes == Int(count)
        case .untilEnd:
            bytes = there
            guard bytes <= most else { throw .bodyTooLong }
            return false
        case .chunked:
            if place == .data {
                guard try collectChunks(&data, most: most, limits) else { return false }
            }
            return try passTrailers(&data, limits)
        }
    }

    /// True once the last chunk was read.
    private mutating func collectChunks(
        _ data: inout Buffer, most: Int, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> Bool {
        let count = data.count
        let first = end
        guard first < count else { return false }
        // A copy: a call of this type may not change it within the closure's access.
        var reader = self
        let read = try data.withUnsafeMutableBytes { memory throws(HTTPRefusal) in
            try reader.cut(memory, from: first, most: most, limits)
        }
        self = reader
        data.removeLast(read)
        return place == .trailers
    }

    /// Moves chunks together. Returns the bytes of framing between them.
    private mutating func cut(
        _ memory: UnsafeMutableRawBufferPointer, from first: Int, most: Int, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> Int {
        guard let start = memory.baseAddress else { return 0 }
        let octets = Octets(
            UnsafePointer(start.assumingMemoryBound(to: UInt8.self)), count: memory.count)
        var from = first
        while from < memory.count {
            if decoder.dataLeft > 0 {
                let part = Int(min(decoder.dataLeft, UInt64(memory.count &- from)))
                memmove(start + end, start + from, part)
                decoder.skip(UInt64(part))
                bytes &+= part
                from &+= part
                continue
            }
            let (step, taken) = try decoder.next(octets, from: from, limits)
            from &+= taken
            if case .chunk(let size) = step {
                guard size <= UInt64(most), bytes &+ Int(size) <= most else { throw .bodyTooLong }
            }
            guard step != .trailers else {
                place = .trailers
                break
            }
        }
        memmove(start + end, start + from, memory.count &- from)
        return from &- end
    }

    /// Drops the lines behind the last chunk. True once they are complete.
    private func passTrailers(
        _ data: inout Buffer, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> Bool {
        let first = end
        let read = try data.withOctets { octets throws(HTTPRefusal) in
            let rest = Octets(octets.start + first, count: octets.count &- first)
            return try Trailers.read(rest, limits)
        }
        guard let read else { return false }
        data.withUnsafeMutableBytes { memory in
            guard let start = memory.baseAddress else { return }
            memmove(start + first, start + first + read.end, memory.count &- first &- read.end)
        }
        data.removeLast(read.end)
        return true
    }
}
