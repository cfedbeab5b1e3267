// Calls of a type's moments: specialised for the type where the hook is attached.
extension HookTable {
    @usableFromInline
    static let noCall: Call = { _, _, _ in VerdictCode.forward.rawValue }
    @usableFromInline
    static let noOpen: Opened = { _, _, _ in VerdictCode.forward.rawValue }

    @inlinable
    static func call(
        _ body: @escaping @Sendable (inout Buffer, borrowing Session) throws -> Verdict
    ) -> Call {
        { _, data, session in
            do {
                return session.note(try body(&data, session))
            } catch {
                return session.note(error)
            }
        }
    }

    @inlinable
    static func forwardCall<H: BeforeForward>(_ type: H.Type) -> Call {
        { state, data, session in
            do {
                let hook = state.assumingMemoryBound(to: H.self)
                return session.note(try hook.pointee.beforeForward(&data, session))
            } catch {
                return session.note(error)
            }
        }
    }

    @inlinable
    static func sendCall<H: BeforeSend>(_ type: H.Type) -> Call {
        { state, data, session in
            do {
                let hook = state.assumingMemoryBound(to: H.self)
                return session.note(try hook.pointee.beforeSend(&data, session))
            } catch {
                return session.note(error)
            }
        }
    }

    @inlinable
    static func respondCall<H: BeforeRespond>(_ type: H.Type) -> Call {
        { state, data, session in
            do {
                let hook = state.assumingMemoryBound(to: H.self)
                return session.note(try hook.pointee.beforeRespond(&data, session))
            } catch {
                return session.note(error)
            }
        }
    }

    @inlinable
    static func openCall<H: OnOpen>(_ type: H.Type) -> Opened {
        { state, session, upstream in
            do {
                let hook = state.assumingMemoryBound(to: H.self)
                return session.note(try hook.pointee.onOpen(session), upstream)
            } catch {
                return session.note(error)
            }
        }
    }

    @inlinable
    static func closeCall<H: OnClose>(_ type: H.Type) -> Closed {
        { state, cause, session in
            state.assumingMemoryBound(to: H.self).pointee.onClose(cause, session)
        }
    }
}

extension Session {
    /// The number of an opening's verdict.
    @inlinable
    func note(_ verdict: OpenVerdict, _ upstream: UnsafeMutablePointer<Int>) -> UInt8 {
        switch verdict {
        case .forward: break
        // A negative number would say that none was chosen.
        case .upstream(let number): upstream.pointee = number < 0 ? Int.max : number
        case .close(let reason):
            note(reason)
            return VerdictCode.close.rawValue
        }
        return VerdictCode.forward.rawValue
    }
}
