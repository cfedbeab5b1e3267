/// A handle to a framing of your own, registered for engines, and small enough to copy freely.
///
/// Make it once, in a `static let` say: the registered framing stays in memory for as long as the
/// process lives, used or not, so that workers may use it without counting references. Two handles
/// are equal when one is a copy of the other.
public struct CustomFraming: @unchecked Sendable, Hashable, CustomStringConvertible {
    /// The bytes of a message outside its payload may exceed the bound of a payload by this many: a
    /// header without an end must not keep a stream open.
    static let marksSpare = 1 << 16

    private typealias Reader =
        @convention(c) (
            UnsafeRawPointer, UnsafeRawPointer, Int, UnsafeMutableRawPointer,
            UnsafeMutableRawPointer
        ) -> Void
    private typealias Writer =
        @convention(c) (UnsafeRawPointer, UnsafeRawPointer, Int, UnsafeMutableRawPointer) -> Bool

    /// In memory that is never freed.
    private struct Registration {
        let reader: Reader
        let writer: Writer
        let box: Unmanaged<FramingBox>
        let endsWithStream: Bool
        let name: String
    }

    private let registration: UnsafePointer<Registration>

    /// Registers a framing for the life of the process.
    public init(_ framing: some MessageFraming) {
        let row = UnsafeMutablePointer<Registration>.allocate(capacity: 1)
        row.initialize(
            to: Registration(
                reader: { row, bytes, count, state, answer in
                    CustomFraming.read(row, bytes, count, state, answer)
                },
                writer: { row, bytes, count, envelope in
                    CustomFraming.write(row, bytes, count, envelope)
                },
                box: .passRetained(FramingBox(framing)), endsWithStream: framing.endsWithStream,
                name: framing.name))
        registration = UnsafePointer(row)
    }

    /// The name that the framing gives itself.
    public var name: String { registration.pointee.name }

    /// The name.
    public var description: String { name }

    var endsWithStream: Bool { registration.pointee.endsWithStream }

    // MARK: Calls of a worker

    /// Calls the framing on `count` bytes. The only exit from a worker's loop to an embedder's
    /// reading: a C function pointer, so that the loop itself counts no reference and looks up no
    /// witness.
    @inline(never)
    func answer(
        _ bytes: UnsafeRawPointer, _ count: Int, _ state: inout FramingState,
        _ answer: inout Answer
    ) {
        registration.pointee.reader(registration, bytes, count, &state, &answer)
    }

    /// Gets the bytes around a payload of `count` bytes. False: the payload cannot be written. The
    /// only exit to an embedder's writing.
    @inline(never)
    func envelope(
        _ bytes: UnsafeRawPointer, _ count: Int, _ envelope: inout FrameEnvelope
    ) -> Bool {
        registration.pointee.writer(registration, bytes, count, &envelope)
    }

    // MARK: On the framing's side

    private static func read(
        _ row: UnsafeRawPointer, _ bytes: UnsafeRawPointer, _ count: Int,
        _ state: UnsafeMutableRawPointer, _ answer: UnsafeMutableRawPointer
    ) {
        let state = state.assumingMemoryBound(to: FramingState.self)
        let step = row.assumingMemoryBound(to: Registration.self).pointee.box
            ._withUnsafeGuaranteedRef { $0.framing.read(buffer(bytes, count).span, &state.pointee) }
        answer.assumingMemoryBound(to: Answer.self).pointee = Answer(step)
    }

    private static func write(
        _ row: UnsafeRawPointer, _ bytes: UnsafeRawPointer, _ count: Int,
        _ envelope: UnsafeMutableRawPointer
    ) -> Bool {
        let written = row.assumingMemoryBound(to: Registration.self).pointee.box
            ._withUnsafeGuaranteedRef { $0.framing.write(around: buffer(bytes, count).span) }
        guard let written, written.isWritable else { return false }
        envelope.assumingMemoryBound(to: FrameEnvelope.self).pointee = written
        return true
    }

    private static func buffer(
        _ bytes: UnsafeRawPointer, _ count: Int
    ) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: UInt8.self), count: count)
    }
}
