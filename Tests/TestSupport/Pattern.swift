import Glibc

/// A stream in which every byte follows from its place: each key has a stream of its own, so that a
/// test sees a lost, doubled or moved byte, or a byte of another connection.
package struct Pattern: Sendable {
    /// A prime, so that no block's length divides it.
    private static let period = 1_048_573

    package let seed: UInt64
    /// Two periods: any piece up to one period lies in one place.
    private let bytes: [UInt8]

    package init(seed: UInt64 = Pattern.processSeed) {
        self.seed = seed
        var state = seed
        var period = [UInt8]()
        period.reserveCapacity(Self.period + 8)
        while period.count < Self.period {
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
            word ^= word >> 31
            withUnsafeBytes(of: word) { period.append(contentsOf: $0) }
        }
        period.removeLast(period.count - Self.period)
        bytes = period + period
    }

    /// Chosen once a process, or by `PELMENI_TEST_SEED`; failures print it.
    package static let processSeed: UInt64 = {
        if let text = getenv("PELMENI_TEST_SEED"), let seed = UInt64(String(cString: text)) {
            return seed
        }
        return UInt64.random(in: 0 ... .max)
    }()

    package static let shared = Pattern()

    package func piece(key: Int, at place: Int, count: Int) -> ArraySlice<UInt8> {
        let start = (key &* 7919 &+ place) % Self.period
        return bytes[start..<start + min(count, Self.period)]
    }

    package func stream(key: Int, count: Int) -> [UInt8] {
        var stream: [UInt8] = []
        while stream.count < count {
            stream += piece(key: key, at: stream.count, count: count - stream.count)
        }
        return stream
    }

    /// The position of the first wrong byte, or nil.
    package func firstWrong(
        _ received: UnsafeRawBufferPointer, key: Int, at place: Int
    ) -> Int? {
        var done = 0
        while done < received.count {
            let wanted = piece(key: key, at: place + done, count: received.count - done)
            let rest = UnsafeRawBufferPointer(rebasing: received[done..<done + wanted.count])
            let isEqual = wanted.withUnsafeBytes { wanted in
                guard let left = wanted.baseAddress, let right = rest.baseAddress else {
                    return true
                }
                return memcmp(left, right, rest.count) == 0
            }
            guard isEqual else {
                return place + done
                    + (zip(wanted, rest).enumerated().first { $1.0 != $1.1 }?.0 ?? 0)
            }
            done += wanted.count
        }
        return nil
    }

    package func firstWrong(_ received: [UInt8], key: Int, at place: Int = 0) -> Int? {
        received.withUnsafeBytes { firstWrong($0, key: key, at: place) }
    }
}
