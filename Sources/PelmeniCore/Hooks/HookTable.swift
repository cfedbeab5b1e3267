/// A hook that was attached to a server or a client, ready to be called by workers.
///
/// Made by `hook { … }` and by the closures `beforeForward { … }` and so on. It is made in the
/// program's own module: there the compiler sees the hook and calls it directly, so the engine
/// makes one indirect call for each unit.
public final class HookTable: Sendable {
    @usableFromInline
    typealias Call =
        @Sendable (UnsafeMutableRawPointer, inout Buffer, borrowing Session) -> UInt8
    @usableFromInline
    typealias Opened =
        @Sendable (UnsafeMutableRawPointer, borrowing Session, UnsafeMutablePointer<Int>) -> UInt8
    @usableFromInline
    typealias Closed = @Sendable (UnsafeMutableRawPointer, EndCause, borrowing Session) -> Void
    /// Makes an instance at an address. False when the factory threw; the reason is noted.
    @usableFromInline
    typealias Make = @Sendable (UnsafeMutableRawPointer, borrowing Session) -> Bool

    /// The name in logs and statistics: the type's name, or the moment of the closure.
    public let name: String
    @usableFromInline
    let moments: HookMoments
    // Never optional: the call of an optional closure counts references.
    @usableFromInline
    let forward: Call
    @usableFromInline
    let send: Call
    @usableFromInline
    let respond: Call
    @usableFromInline
    let opened: Opened
    @usableFromInline
    let closed: Closed
    @usableFromInline
    let make: Make
    @usableFromInline
    let destroy: @Sendable (UnsafeMutableRawPointer) -> Void
    @usableFromInline
    let size: Int
    @usableFromInline
    let alignment: Int
    /// Of an asynchronous hook: begins a call with the unit of a ticket, and cancels it.
    @usableFromInline
    typealias Begin =
        @Sendable (UnsafeMutableRawPointer, borrowing Session) -> UnsafeMutableRawPointer
    @usableFromInline
    let begin: Begin
    @usableFromInline
    let cancel: @Sendable (UnsafeMutableRawPointer) -> Void
    /// Nanoseconds until an asynchronous call closes its session; 0 is a synchronous hook.
    @usableFromInline
    let deadline: UInt64
    /// As the program gave it; nil is a synchronous hook.
    @usableFromInline
    package let asyncDeadline: Duration?
    /// The type is synchronous and asynchronous: the engine refuses it.
    @usableFromInline
    package let isMixed: Bool

    /// A hook type. Its moments are the protocols that it has.
    @inlinable
    public init<H: Hook>(_ factory: @escaping @Sendable () throws -> H) {
        name = "\(H.self)"
        var moments: HookMoments = []
        if let type = H.self as? any BeforeForward.Type {
            moments.insert(.forward)
            forward = Self.forwardCall(type)
        } else {
            forward = Self.noCall
        }
        if let type = H.self as? any BeforeSend.Type {
            moments.insert(.send)
            send = Self.sendCall(type)
        } else {
            send = Self.noCall
        }
        if let type = H.self as? any BeforeRespond.Type {
            moments.insert(.respond)
            respond = Self.respondCall(type)
        } else {
            respond = Self.noCall
        }
        if let type = H.self as? any OnOpen.Type {
            moments.insert(.open)
            opened = Self.openCall(type)
        } else {
            opened = Self.noOpen
        }
        if let type = H.self as? any OnClose.Type {
            moments.insert(.close)
            closed = Self.closeCall(type)
        } else {
            closed = { _, _, _ in }
        }
        self.moments = moments
        make = { state, session in
            do {
                state.initializeMemory(as: H.self, to: try factory())
                return true
            } catch {
                _ = session.note(error)
                return false
            }
        }
        destroy = { $0.assumingMemoryBound(to: H.self).deinitialize(count: 1) }
        size = MemoryLayout<H>.size
        alignment = MemoryLayout<H>.alignment
        begin = { state, _ in state }
        cancel = { _ in }
        deadline = 0
        asyncDeadline = nil
        isMixed = H.self is any AsyncHook.Type
    }

    /// A closure, or an asynchronous hook: without state.
    @usableFromInline
    init(
        name: String, moments: HookMoments, call: @escaping Call = HookTable.noCall,
        opened: @escaping Opened = HookTable.noOpen,
        closed: @escaping Closed = { _, _, _ in },
        begin: @escaping Begin = { state, _ in state },
        cancel: @escaping @Sendable (UnsafeMutableRawPointer) -> Void = { _ in },
        deadline: UInt64 = 0, asyncDeadline: Duration? = nil, isMixed: Bool = false
    ) {
        self.name = name
        self.moments = moments
        forward = call
        send = call
        respond = call
        self.opened = opened
        self.closed = closed
        make = { _, _ in true }
        destroy = { _ in }
        size = 0
        alignment = 1
        self.begin = begin
        self.cancel = cancel
        self.deadline = deadline
        self.asyncDeadline = asyncDeadline
        self.isMixed = isMixed
    }

    /// An asynchronous hook whose calls are begun and cancelled by functions: the form
    /// of simulated ones.
    ///
    /// - Parameters:
    ///   - begin: gets the ticket of a call, and returns what `cancel` gets. It keeps the ticket
    ///     until it has answered.
    ///   - cancel: the session has ended, or the call was answered: called once for each call.
    package convenience init(
        name: String, forwards: Bool, sends: Bool, responds: Bool, deadline: UInt64,
        begin:
            @escaping @Sendable (HookTicket, borrowing Session) -> UnsafeMutableRawPointer,
        cancel: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
    ) {
        var moments: HookMoments = []
        if forwards { moments.insert(.forward) }
        if sends { moments.insert(.send) }
        if responds { moments.insert(.respond) }
        self.init(
            name: name, moments: moments,
            begin: { _, session in begin(session.takeTicket(), session) }, cancel: cancel,
            deadline: deadline)
    }

    /// A closure for each unit that a client sent.
    @inlinable
    public convenience init(
        beforeForward body:
            @escaping @Sendable (inout Buffer, borrowing Session) throws -> Verdict
    ) {
        self.init(name: "beforeForward", moments: .forward, call: Self.call(body))
    }

    /// A closure for each unit that is about to be sent to an upstream.
    @inlinable
    public convenience init(
        beforeSend body: @escaping @Sendable (inout Buffer, borrowing Session) throws -> Verdict
    ) {
        self.init(name: "beforeSend", moments: .send, call: Self.call(body))
    }

    /// A closure for each unit on its way to a client.
    @inlinable
    public convenience init(
        beforeRespond body:
            @escaping @Sendable (inout Buffer, borrowing Session) throws -> Verdict
    ) {
        self.init(name: "beforeRespond", moments: .respond, call: Self.call(body))
    }

    /// A closure for each session that opens.
    @inlinable
    public convenience init(
        onOpen body: @escaping @Sendable (borrowing Session) throws -> OpenVerdict
    ) {
        self.init(
            name: "onOpen", moments: .open,
            opened: { _, session, upstream in
                do {
                    return session.note(try body(session), upstream)
                } catch {
                    return session.note(error)
                }
            })
    }

    /// A closure for each session that has ended.
    @inlinable
    public convenience init(
        onClose body: @escaping @Sendable (EndCause, borrowing Session) -> Void
    ) {
        self.init(
            name: "onClose", moments: .close,
            closed: { _, cause, session in body(cause, session) })
    }
}

extension HookTable {
    /// It sees requests as a client does, and not as a server does, which would never call that.
    package var isOnlyOfClients: Bool { moments.contains(.send) && !moments.contains(.forward) }

    /// It sees requests as a server does, and not as a client does, which would never call that.
    package var isOnlyOfServers: Bool { moments.contains(.forward) && !moments.contains(.send) }
}

/// The moments of a hook.
@usableFromInline
struct HookMoments: OptionSet, Sendable {
    @usableFromInline
    let rawValue: UInt8
    @usableFromInline
    init(rawValue: UInt8) { self.rawValue = rawValue }

    @usableFromInline
    static let forward = HookMoments(rawValue: 1 << 0)
    @usableFromInline
    static let send = HookMoments(rawValue: 1 << 1)
    @usableFromInline
    static let respond = HookMoments(rawValue: 1 << 2)
    @usableFromInline
    static let open = HookMoments(rawValue: 1 << 3)
    @usableFromInline
    static let close = HookMoments(rawValue: 1 << 4)
}
