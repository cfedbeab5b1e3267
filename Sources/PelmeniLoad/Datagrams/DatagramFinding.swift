/// What the check of a datagram found.
enum DatagramFinding: Equatable {
    case good(DatagramHead)
    case bad(Fault)
}
