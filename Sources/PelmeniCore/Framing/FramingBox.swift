/// Holds a framing of the user's own where it stays, of whatever type it is.
final class FramingBox: Sendable {
    let framing: any MessageFraming

    init(_ framing: any MessageFraming) { self.framing = framing }
}
