/// Verifies a stream as its bytes come, and learns its identity from the first ones.
package struct FlowReader: Sendable {
    /// The common bits of the streams that may come here.
    private let common: UInt64
    /// The part of the identity that has come.
    package private(set) var identity: UInt64 = 0
    package private(set) var count = 0
    /// The position of the first wrong byte.
    package private(set) var wrongAt: Int?

    package init(salt: UInt16, fromClient: Bool, plan: UInt8) {
        common = FlowContent.identity(salt: salt, fromClient: fromClient, plan: plan, number: 0)
    }

    /// The sender's number, once its identity has come.
    package var sender: Int? {
        count >= FlowContent.headerBytes ? FlowContent.number(identity) : nil
    }

    package mutating func take(_ bytes: UnsafeRawPointer, _ length: Int) {
        var taken = 0
        while taken < length, count < FlowContent.headerBytes {
            let byte = (bytes + taken).load(as: UInt8.self)
            let shift = UInt64(count * 8)
            if count < 4, byte != UInt8(truncatingIfNeeded: common >> shift), wrongAt == nil {
                wrongAt = count
            }
            identity |= UInt64(byte) << shift
            count += 1
            taken += 1
        }
        guard taken < length else { return }
        let wrong = FlowContent.firstDifference(
            bytes + taken, identity: identity, position: count, count: length - taken)
        if wrongAt == nil { wrongAt = wrong }
        count += length - taken
    }
}
