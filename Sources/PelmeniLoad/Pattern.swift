/// The bytes of a verified stream: cheap to make and to check at any position, different for every
/// seed.
///
/// One multiplication makes eight bytes, so that the load costs little beside the measured proxy.
/// No word occurs twice in a stream: a lost, doubled or moved byte shifts all later ones, and they
/// no longer fit their positions.
enum Pattern {
    /// The eight bytes of a stream from `8 * index` on, little end first.
    @inline(__always)
    static func word(_ seed: UInt64, _ index: UInt64) -> UInt64 {
        let mixed = (seed &+ index) &* 0x9e37_79b9_7f4a_7c15
        return mixed ^ mixed >> 32
    }

    @inline(__always)
    static func byte(_ seed: UInt64, _ position: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: word(seed, position >> 3) >> (8 * (position & 7)))
    }

    /// A seed unrelated to its neighbours', so that streams do not overlap. SplitMix64.
    static func seed(_ number: UInt64) -> UInt64 {
        var it = number &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1
        it = (it ^ it >> 30) &* 0xbf58_476d_1ce4_e5b9
        it = (it ^ it >> 27) &* 0x94d0_49bb_1331_11eb
        return it ^ it >> 31
    }

    /// Writes the bytes of `position ..< position + count`.
    static func fill(
        _ bytes: UnsafeMutableRawPointer, count: Int, seed: UInt64, position: UInt64
    ) {
        var at = 0
        while at < count, (position &+ UInt64(at)) & 7 != 0 {
            bytes.storeBytes(
                of: byte(seed, position &+ UInt64(at)), toByteOffset: at, as: UInt8.self)
            at &+= 1
        }
        var index = (position &+ UInt64(at)) >> 3
        while at &+ 8 <= count {
            let word = word(seed, index).littleEndian
            bytes.storeBytes(of: word, toByteOffset: at, as: UInt64.self)
            index &+= 1
            at &+= 8
        }
        while at < count {
            bytes.storeBytes(
                of: byte(seed, position &+ UInt64(at)), toByteOffset: at, as: UInt8.self)
            at &+= 1
        }
    }

    /// The offset of the first byte that is wrong for its position, or nil.
    static func firstMismatch(
        _ bytes: UnsafeRawPointer, count: Int, seed: UInt64, position: UInt64
    ) -> Int? {
        var at = 0
        while at < count, (position &+ UInt64(at)) & 7 != 0 {
            guard
                bytes.load(fromByteOffset: at, as: UInt8.self) == byte(seed, position &+ UInt64(at))
            else { return at }
            at &+= 1
        }
        var index = (position &+ UInt64(at)) >> 3
        while at &+ 8 <= count {
            let found = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            guard UInt64(littleEndian: found) == word(seed, index) else { break }
            index &+= 1
            at &+= 8
        }
        // The tail, or the wrong word.
        while at < count {
            guard
                bytes.load(fromByteOffset: at, as: UInt8.self) == byte(seed, position &+ UInt64(at))
            else { return at }
            at &+= 1
        }
        return nil
    }
}
