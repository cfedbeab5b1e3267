/// Who is owed answers by an upstream that collects messages before it answers them.
enum HeldAnswer {
    /// A row of ``DatagramSocket``.
    case flow(Int)
    /// An upstream's stream: its peer's row.
    case stream(Int)
}
