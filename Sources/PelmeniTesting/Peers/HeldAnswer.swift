/// The receiver of answers from an upstream that collects messages before it answers them.
enum HeldAnswer {
    /// A row of ``DatagramSocket``.
    case flow(Int)
    /// An upstream's stream: the row of its peer.
    case stream(Int)
}
