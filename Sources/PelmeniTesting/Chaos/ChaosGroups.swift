/// What a chaos hook makes of a stream: groups of five bytes, and a sixth.
enum ChaosGroups {
    static let size = 5

    /// What a group is: its sixth byte is the sum of the five, and this.
    enum Tag: UInt8 {
        case data = 0x00
        /// The rest of the stream is as it was.
        case release = 0x5a
        /// A reply to the other direction: no bytes of this stream.
        case reply = 0x3c
        /// The session was finished: the end that follows is in order.
        case finish = 0x77
    }

    static func encoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / size * (size + 1))
        var at = bytes.startIndex
        while at < bytes.endIndex {
            append(bytes[at..<at + size], .data, to: &output)
            at += size
        }
        return output
    }

    static func control(_ tag: Tag) -> [UInt8] {
        var output: [UInt8] = []
        append([1, 2, 3, 4, 5], tag, to: &output)
        return output
    }

    private static func append(_ group: ArraySlice<UInt8>, _ tag: Tag, to output: inout [UInt8]) {
        output += group.reversed()
        output.append(group.reduce(tag.rawValue, ^))
    }

    /// The end of a stream: fewer bytes than a group has, and their number.
    static func flush(_ rest: ArraySlice<UInt8>) -> [UInt8] {
        Array(rest.reversed()) + [0xe0 | UInt8(rest.count)]
    }
}

/// Undoes what one chaos hook did to a stream.
struct ChaosDecoder {
    /// The hook was an asynchronous one.
    let isMask: Bool
    private var group: [UInt8] = []

    init(isMask: Bool) { self.isMask = isMask }

    private(set) var isReleased = false
    private(set) var isFinished = false
    private(set) var replies = 0
    /// A group had a wrong sum.
    private(set) var isWrong = false

    /// The bytes of the stream as it was.
    mutating func decode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        if isMask { return bytes.map { $0 ^ ChaosLater.mask } }
        var output: [UInt8] = []
        for byte in bytes {
            guard !isReleased else {
                output.append(byte)
                continue
            }
            group.append(byte)
            guard group.count == ChaosGroups.size + 1 else { continue }
            take(&output)
            group = []
        }
        return output
    }

    private mutating func take(_ output: inout [UInt8]) {
        let sum = group.reduce(0, ^)
        switch ChaosGroups.Tag(rawValue: sum) {
        case .data: output += group.prefix(ChaosGroups.size).reversed()
        case .release: isReleased = true
        case .reply: replies += 1
        case .finish: isFinished = true
        case nil: isWrong = true
        }
    }

    /// The stream has ended: its last bytes. Nil when the end is not the one that the hook made.
    mutating func end() -> [UInt8]? {
        if isMask { return [] }
        if isReleased || isFinished { return group.isEmpty ? [] : nil }
        guard let last = group.last, last == 0xe0 | UInt8(group.count - 1) else { return nil }
        return group.dropLast().reversed()
    }
}
