/// Where ``WorkerEvent``s go: a C function and its context, one indirect call a report.
package struct WorkerEvents: @unchecked Sendable {
    package typealias Receiver =
        @convention(c) (
            UnsafeMutableRawPointer?, WorkerEvent.Kind.RawValue, UInt16, UInt8, UInt8, UInt8,
            Int32, UInt64
        ) -> Void

    let receiver: Receiver?
    let context: UnsafeMutableRawPointer?
    /// Whether each session's opening and end is reported too, for a debug log.
    package var reportsSessions: Bool

    package init(
        receiver: Receiver?, context: UnsafeMutableRawPointer?, reportsSessions: Bool = false
    ) {
        self.receiver = receiver
        self.context = context
        self.reportsSessions = reportsSessions
    }

    package static let none = WorkerEvents(receiver: nil, context: nil)

    @inline(never)
    func report(_ event: WorkerEvent) {
        receiver?(
            context, event.kind.rawValue, event.pair.rawValue, event.cause.rawValue, event.upstream,
            event.address, event.error, event.duration)
    }
}
