/// The two ends of one of the kernel's pipes, through which a ring splices bytes.
package struct SplicePipe: Sendable {
    /// What goes in here, or a -errno when the pipe could not be made.
    package var fill: Int32
    /// Comes out here.
    package var drain: Int32

    @inline(__always)
    package init(fill: Int32, drain: Int32) {
        self.fill = fill
        self.drain = drain
    }
}
