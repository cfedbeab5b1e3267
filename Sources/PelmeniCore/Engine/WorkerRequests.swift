/// How a worker reads other threads' requests: a C function and its context, so that the loop
/// touches no reference. The function copies new upstream addresses into the worker's rows.
package struct WorkerRequests: @unchecked Sendable {
    package struct Answer: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Stop accepting; open sessions may end.
        package static let drain = Answer(rawValue: 1)
        /// Cut all sessions now.
        package static let stop = Answer(rawValue: 2)
    }

    package typealias Reader =
        @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer) -> UInt32

    let reader: Reader
    let context: UnsafeMutableRawPointer?
    /// The eventfd of a new request.
    let event: Int32

    /// - Parameter reader: called on the worker's thread with `context` and the worker's pair rows.
    package init(reader: @escaping Reader, context: UnsafeMutableRawPointer?, event: Int32) {
        self.reader = reader
        self.context = context
        self.event = event
    }
}
