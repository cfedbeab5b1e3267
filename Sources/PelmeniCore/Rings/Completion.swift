/// What came back for an operation.
package struct Completion: Sendable {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        @inline(__always)
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The operation stays armed. The only truth about that, whatever the result is.
        package static let more = Flags(rawValue: 1)
        /// A hint: the socket holds more bytes.
        package static let nonEmpty = Flags(rawValue: 4)
        /// The bytes came with descriptors over a Unix stream, and the kernel has closed these.
        package static let descriptors = Flags(rawValue: 8)
    }

    package var token: Token
    /// Bytes moved, or the accepted descriptor, or a negative errno.
    package var result: Int32
    package var flags: Flags
    /// The block that a receive used up, or ``BlockID/none``. The completion hands its lease over,
    /// even when the operation failed or is stale.
    package var block: BlockID

    @inline(__always)
    package init(token: Token, result: Int32, flags: Flags = [], block: BlockID = .none) {
        self.token = token
        self.result = result
        self.flags = flags
        self.block = block
    }

    @inline(__always)
    package var more: Bool { flags.contains(.more) }
}
