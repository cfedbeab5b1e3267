/// Random numbers of the process's seed, which is printed, and may be given again.
package struct TestGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(_ seed: UInt64 = Pattern.processSeed) { state = seed }

    /// SplitMix64.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
