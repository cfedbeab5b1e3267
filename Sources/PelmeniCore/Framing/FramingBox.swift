/// Holds a custom framing of any type at a fixed address.
final class FramingBox: Sendable {
    let framing: any MessageFraming

    init(_ framing: any MessageFraming) { self.framing = framing }
}
