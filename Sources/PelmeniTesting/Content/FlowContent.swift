/// The bytes of a test stream: each byte follows from the stream's identity and its position alone,
/// so a test sees a lost, doubled or moved byte, or a byte of another stream, at its position.
///
/// The first eight bytes are the identity itself, so the receiver of a stream learns which stream
/// it is.
package enum FlowContent {
    /// Bytes at the start that carry the identity.
    package static let headerBytes = 8

    /// - Parameter salt: differs between runs, so that bytes of another run do not pass for this
    ///   run's.
    package static func identity(
        salt: UInt16, fromClient: Bool, plan: UInt8, number: UInt32
    ) -> UInt64 {
        UInt64(number) << 32 | UInt64(plan) << 24 | (fromClient ? 0xc0000 : 0x50000) | UInt64(salt)
    }

    /// The common bits of all streams of a plan and direction.
    package static let commonMask: UInt64 = 0xffff_ffff

    package static func number(_ identity: UInt64) -> Int { Int(identity >> 32) }

    @inline(__always)
    private static func word(_ identity: UInt64, _ index: UInt64) -> UInt64 {
        guard index != 0 else { return identity }
        var word = identity &+ index &* 0x9e37_79b9_7f4a_7c15
        word = (word ^ word >> 32) &* 0xd6e8_feb8_6659_fd93
        return word ^ word >> 29
    }

    /// Writes the stream's bytes from `position` on.
    package static func fill(
        _ target: UnsafeMutableRawPointer, identity: UInt64, position: Int, count: Int
    ) {
        var done = 0
        while done < count {
            let at = UInt64(position + done)
            let word = word(identity, at >> 3)
            if at & 7 == 0, count - done >= 8 {
                (target + done).storeBytes(of: word.littleEndian, as: UInt64.self)
                done += 8
            } else {
                let byte = UInt8(truncatingIfNeeded: word >> ((at & 7) * 8))
                (target + done).storeBytes(of: byte, as: UInt8.self)
                done += 1
            }
        }
    }

    /// The position of the first byte that is not the stream's, or nil.
    package static func firstDifference(
        _ bytes: UnsafeRawPointer, identity: UInt64, position: Int, count: Int
    ) -> Int? {
        var done = 0
        while done < count {
            let at = UInt64(position + done)
            let word = word(identity, at >> 3)
            if at & 7 == 0, count - done >= 8 {
                let found = (bytes + done).loadUnaligned(as: UInt64.self)
                if found == word.littleEndian {
                    done += 8
                    continue
                }
            }
            let byte = UInt8(truncatingIfNeeded: word >> ((at & 7) * 8))
            if (bytes + done).load(as: UInt8.self) != byte { return position + done }
            done += 1
        }
        return nil
    }
}
