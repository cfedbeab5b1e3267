/// The messages of a test: length and bytes of each follow from its identity, which its first eight
/// bytes are: salt 16, pair 7, answer 1, sender 16, sequence 24 bits.
enum MessageContent {
    /// Bytes at the start that carry the identity. Only a message without any bytes has none.
    static let headerBytes = 8
    /// Messages whose lengths belong together, so that some of them in a row can be a train.
    static let group = 16
    /// The places in a group that a train may have; the last one is shorter than the others.
    static let trainPlaces = 14

    static func identity(
        salt: UInt16, pair: Int, isAnswer: Bool, sender: Int, sequence: Int
    ) -> UInt64 {
        UInt64(sequence) << 40 | UInt64(sender) << 24 | (isAnswer ? 0x80_0000 : 0)
            | UInt64(pair) << 16 | UInt64(salt)
    }

    static func salt(_ identity: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: identity) }
    static func pair(_ identity: UInt64) -> Int { Int(identity >> 16 & 0x7f) }
    static func isAnswer(_ identity: UInt64) -> Bool { identity & 0x80_0000 != 0 }
    static func sender(_ identity: UInt64) -> Int { Int(identity >> 24 & 0xffff) }
    static func sequence(_ identity: UInt64) -> Int { Int(identity >> 40) }

    static func length(_ identity: UInt64, _ plan: SimulatedMessagePlan) -> Int {
        let place = sequence(identity) & (group - 1)
        var word = (identity & ~(UInt64(group - 1) << 40)) &* 0x9e37_79b9_7f4a_7c15
        word ^= word >> 31
        word = word &* 0xd6e8_feb8_6659_fd93
        word ^= word >> 32
        let sizes = isAnswer(identity) ? plan.answerSizes : plan.sizes
        let length = sizes[Int(word % UInt64(sizes.count))]
        return switch place {
        case trainPlaces - 1: max(headerBytes, length / 2)
        case trainPlaces: plan.hasEmpty && word & 0x3_0000 != 0 ? 0 : headerBytes
        case trainPlaces + 1: headerBytes + Int(word >> 20 & 0x3ff)
        default: length
        }
    }
}
