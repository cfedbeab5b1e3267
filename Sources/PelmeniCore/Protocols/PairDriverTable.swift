/// A ``PairDriver`` that was attached to a pair, ready to be called by workers.
///
/// It is made in the program's own module, as a ``DriverTable`` is.
public final class PairDriverTable: Sendable {
    /// The event, the bytes of it and the cause of an unreachable upstream. False when the driver
    /// threw; the reason is noted.
    @usableFromInline
    typealias Call =
        @Sendable (
            UInt8, UnsafeMutableRawPointer, inout Buffer, EndCause, borrowing PairContext
        ) -> Bool
    /// Makes a session's state at an address. False when the driver threw; the reason is noted.
    @usableFromInline
    typealias Make = @Sendable (UnsafeMutableRawPointer, borrowing PairContext) -> Bool
    /// Tells the end, and destroys the state.
    @usableFromInline
    typealias Close = @Sendable (UnsafeMutableRawPointer, EndCause, borrowing PairContext) -> Void

    /// The type's name, in logs.
    public let name: String
    let restMax: Int
    let size: Int
    let alignment: Int
    package let initialize: @Sendable () throws -> Void
    @usableFromInline
    let call: Call
    @usableFromInline
    let make: Make
    @usableFromInline
    let close: Close

    /// A driver of all sessions of a pair.
    @inlinable
    public convenience init<D: PairDriver>(_ driver: D) {
        self.init(
            name: "\(D.self)", restMax: D.restMax, size: MemoryLayout<D.State>.size,
            alignment: MemoryLayout<D.State>.alignment,
            initialize: { try driver.initialize() },
            call: { event, state, data, cause, context in
                let state = state.assumingMemoryBound(to: D.State.self)
                do {
                    try Self.tell(driver, event, &state.pointee, &data, cause, context)
                    return true
                } catch {
                    context.note(error)
                    return false
                }
            },
            make: { state, context in
                do {
                    state.initializeMemory(as: D.State.self, to: try driver.makeState())
                    return true
                } catch {
                    context.note(error)
                    return false
                }
            },
            close: { state, cause, context in
                let state = state.assumingMemoryBound(to: D.State.self)
                driver.closing(cause, &state.pointee, context)
                state.deinitialize(count: 1)
            })
    }

    @inlinable
    @inline(__always)
    static func tell<D: PairDriver>(
        _ driver: D, _ event: UInt8, _ state: inout D.State, _ data: inout Buffer,
        _ cause: EndCause, _ context: borrowing PairContext
    ) throws {
        switch PairDriverEvent(rawValue: event) {
        case .clientReceived: try driver.received(&data, from: .client, &state, context)
        case .upstreamReceived: try driver.received(&data, from: .upstream, &state, context)
        case .clientOpened: try driver.opened(.client, &state, context)
        case .upstreamOpened: try driver.opened(.upstream, &state, context)
        case .unreachable: try driver.unreachable(cause, &state, context)
        case .clientLinked: try driver.linked(from: .client, &state, context)
        case .upstreamLinked: try driver.linked(from: .upstream, &state, context)
        case .clientEnded: try driver.ended(data.take(), from: .client, &state, context)
        case .upstreamEnded: try driver.ended(data.take(), from: .upstream, &state, context)
        case .broken: try driver.broken(data.take(), &state, context)
        case .clientDrained: try driver.drained(.client, &state, context)
        case .upstreamDrained: try driver.drained(.upstream, &state, context)
        case .clientFinished: try driver.finished(.client, &state, context)
        case .upstreamFinished: try driver.finished(.upstream, &state, context)
        case .draining: try driver.draining(&state, context)
        case .timer, nil: try driver.timer(&state, context)
        }
    }

    @usableFromInline
    init(
        name: String, restMax: Int, size: Int, alignment: Int,
        initialize: @escaping @Sendable () throws -> Void, call: @escaping Call,
        make: @escaping Make, close: @escaping Close
    ) {
        self.name = name
        self.restMax = min(max(1, restMax), DriverRow.restMax)
        self.size = size
        self.alignment = alignment
        self.initialize = initialize
        self.call = call
        self.make = make
        self.close = close
    }
}

/// The events of a ``PairDriver``. The numbers cross the boundary of modules.
@usableFromInline
enum PairDriverEvent: UInt8 {
    case clientReceived
    case upstreamReceived
    case clientOpened
    case upstreamOpened
    case unreachable
    case clientLinked
    case upstreamLinked
    case clientEnded
    case upstreamEnded
    case broken
    case clientDrained
    case upstreamDrained
    case timer
    case draining
    case clientFinished
    case upstreamFinished
}
