/// A driver that was attached to a server or a client, ready to be called by workers.
///
/// It is made in the program's own module: there the compiler sees the driver and calls it
/// directly, so the engine makes one indirect call for each event.
public final class DriverTable: Sendable {
    /// False when the driver threw; the reason is noted.
    @usableFromInline
    typealias Call =
        @Sendable (UInt8, UnsafeMutableRawPointer, inout Buffer, borrowing Context) -> Bool
    /// Makes a session's state at an address. False when the driver threw; the reason is noted.
    @usableFromInline
    typealias Make = @Sendable (UnsafeMutableRawPointer, borrowing Context) -> Bool
    /// Tells the end, and destroys the state.
    @usableFromInline
    typealias Close = @Sendable (UnsafeMutableRawPointer, EndCause, borrowing Context) -> Void

    @usableFromInline
    typealias Initialize = @Sendable (inout SocketRequest) throws -> Void
    /// The number of a datagram's session, which goes into the second argument. False drops it.
    @usableFromInline
    typealias Tag = @Sendable (borrowing Buffer, inout UInt64) -> Bool

    /// The type's name, in logs.
    public let name: String
    /// What it exchanges with the other side.
    public let carries: Cargo
    /// Its sessions connect to upstreams on demand.
    public let dials: Bool
    let restMax: Int
    let size: Int
    let alignment: Int
    @usableFromInline
    let call: Call
    @usableFromInline
    let initialize: Initialize
    @usableFromInline
    let tag: Tag
    @usableFromInline
    let make: Make
    @usableFromInline
    let close: Close

    /// A driver of all sessions of a pair.
    @inlinable
    public convenience init<D: ProtocolDriver>(_ driver: D) {
        self.init(
            name: "\(D.self)", carries: D.carries, dials: D.dials, restMax: D.restMax,
            size: MemoryLayout<D.State>.size, alignment: MemoryLayout<D.State>.alignment,
            call: { event, state, data, context in
                let state = state.assumingMemoryBound(to: D.State.self)
                do {
                    switch DriverEvent(rawValue: event) {
                    case .opened: try driver.opened(&state.pointee, context)
                    case .received: try driver.received(&data, &state.pointee, context)
                    case .ended: try driver.ended(data.take(), &state.pointee, context)
                    case .arrived: try driver.arrived(data.take(), &state.pointee, context)
                    case .otherEnded: try driver.otherEnded(&state.pointee, context)
                    case .drained: try driver.drained(&state.pointee, context)
                    case .connected: try driver.connected(&state.pointee, context)
                    case .unreachable:
                        try driver.unreachable(context.lostBy, &state.pointee, context)
                    case .draining: try driver.draining(&state.pointee, context)
                    case .timer, nil: try driver.timer(&state.pointee, context)
                    }
                    return true
                } catch {
                    context.note(error)
                    return false
                }
            },
            initialize: { try driver.initialize(&$0) },
            tag: { datagram, tag in
                guard let number = driver.tag(of: datagram) else { return false }
                tag = number
                return true
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

    @usableFromInline
    init(
        name: String, carries: Cargo, dials: Bool, restMax: Int, size: Int, alignment: Int,
        call: @escaping Call, initialize: @escaping Initialize, tag: @escaping Tag,
        make: @escaping Make, close: @escaping Close
    ) {
        self.name = name
        self.carries = carries
        self.dials = dials
        self.restMax = min(max(1, restMax), DriverRow.restMax)
        self.size = size
        self.alignment = alignment
        self.call = call
        self.initialize = initialize
        self.tag = tag
        self.make = make
        self.close = close
    }
}

/// The events of a ``ProtocolDriver``. The numbers cross the boundary of modules.
@usableFromInline
enum DriverEvent: UInt8 {
    case opened
    case received
    case ended
    case arrived
    case otherEnded
    case drained
    case timer
    case connected
    case unreachable
    case draining
}
